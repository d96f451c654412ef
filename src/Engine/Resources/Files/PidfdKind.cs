using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;

namespace Checkpointer.Engine.Resources;

/// <summary>pidfd_open(2): of processes of the job, and of such that are gone.</summary>
internal sealed class PidfdKind(IReadOnlySet<int> job) : IFileKind
{
    private const int Gone = -1;

    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.IsAnonymous("[pidfd]");

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        var pid = SpecialFiles.Pidfd(descriptor.Info);
        image.Kind = OpenFile.Types.Kind.Pidfd;
        image.Pid = pid;
        image.PidfdInode = pid == Gone ? descriptor.Stat.Inode : 0;
        if ((descriptor.Flags & FileFlag.PIDFD_THREAD) != 0)
        {
            return $"a pidfd of a thread ({pid})";
        }

        return pid == Gone || job.Contains(pid) ? null : $"a pidfd of process {pid}, which is not in the job";
    }
}
