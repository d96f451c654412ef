using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>A descriptor, with what is equal for all descriptors of one open file.</summary>
internal readonly record struct DescriptorReference(
    ProcessId Process, int Number, ulong Device, ulong Inode, long Position, int Flags);

/// <summary>Orders descriptors so that those of one struct file are equal: by what they show, then by kcmp(2).</summary>
internal sealed class DescriptorOrder : IComparer<DescriptorReference>
{
    /// <summary>The only one.</summary>
    public static DescriptorOrder Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(DescriptorReference x, DescriptorReference y)
    {
        var byFacts = (x.Device, x.Inode, x.Position, x.Flags).CompareTo((y.Device, y.Inode, y.Position, y.Flags));
        return byFacts != 0 ? byFacts : CompareFiles(x, y);
    }

    private static int CompareFiles(DescriptorReference x, DescriptorReference y)
    {
        var order = Kcmp.Compare(Interop.Task.KCMP_FILE, x.Process.Value, y.Process.Value, x.Number, y.Number);
        return order switch
        {
            0 => 0,
            1 => -1,
            2 => 1,
            // Closed meanwhile: only in preflight, where the process runs on.
            _ when LastError.Get() is Errno.EBADF or Errno.ESRCH => (x.Process.Value, x.Number).CompareTo((y.Process.Value, y.Number)),
            _ => throw new LinuxException($"kcmp of descriptor {x.Number} of process {x.Process} and {y.Number} of {y.Process}", LastError.Get()),
        };
    }
}
