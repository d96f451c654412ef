using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Looks through all processes of the host for writers of files.</summary>
internal static class FileWriters
{
    /// <summary>The files, by path, that some process has open for writing, with one such process each.</summary>
    public static Dictionary<string, ProcessId> Find(IReadOnlySet<string> paths)
    {
        var writers = new Dictionary<string, ProcessId>();
        foreach (var link in DescriptorLink.OfAllBut(new HashSet<ProcessId> { new(Libc.getpid()) }))
        {
            if (paths.Contains(link.Target) && ProcFs.TryFdInfo(link.Process, link.Number) is { } info
                && (info.Flags & FileFlag.O_ACCMODE) != FileFlag.O_RDONLY)
            {
                writers.TryAdd(link.Target, link.Process);
            }
        }

        return writers;
    }
}
