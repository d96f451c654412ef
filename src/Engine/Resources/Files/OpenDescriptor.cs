using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>One descriptor of the job, as /proc shows it.</summary>
/// <param name="Process">Who holds it.</param>
/// <param name="Number">Its number.</param>
/// <param name="Link">/proc/PID/fd/N: opens and follows as the file itself.</param>
/// <param name="Target">What the link says.</param>
/// <param name="Info">/proc/PID/fdinfo/N.</param>
/// <param name="Stat">The file behind it.</param>
internal sealed record OpenDescriptor(ProcessId Process, int Number, string Link, string Target, FdInfo Info, FileStat Stat)
{
    private const string AnonymousPrefix = "anon_inode:";

    /// <summary>Flags without O_CLOEXEC, which belongs to the descriptor.</summary>
    public int Flags => Info.Flags & ~Interop.FileFlag.O_CLOEXEC;

    /// <summary>True for a file without a name or inode of its own, such as <c>[eventfd]</c>.</summary>
    public bool IsAnonymous(string kind) => Target.StartsWith(AnonymousPrefix, StringComparison.Ordinal) && Target.AsSpan(AnonymousPrefix.Length).SequenceEqual(kind);
}
