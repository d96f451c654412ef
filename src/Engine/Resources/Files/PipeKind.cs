using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Resources;

/// <summary>Ends of pipes, and of FIFOs, which are pipes with a name.</summary>
internal sealed class PipeKind : IFileKind
{
    private readonly Dictionary<(ulong Device, ulong Inode), PipeUse> _pipes = [];

    /// <summary>All pipes so far, with one descriptor that the job holds of each.</summary>
    public IReadOnlyCollection<PipeUse> Uses => _pipes.Values;

    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.Stat.Type == FileFlag.S_IFIFO;

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        var key = (descriptor.Stat.Device, descriptor.Stat.Inode);
        if (!_pipes.TryGetValue(key, out var pipe))
        {
            pipe = new PipeUse((uint)_pipes.Count + 1, descriptor.Target, descriptor.Stat, descriptor.Link, descriptor.Process, descriptor.Number);
            _pipes.Add(key, pipe);
        }

        image.Kind = OpenFile.Types.Kind.Pipe;
        image.Pipe = pipe.Id;
        return pipe.IsFifo && descriptor.Target.Contains('\uFFFD', StringComparison.Ordinal) ? $"the FIFO {descriptor.Target}, whose name is not UTF-8" : null;
    }
}
