using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Resources;

/// <summary>Ends of anonymous pipes.</summary>
internal sealed class PipeKind : IFileKind
{
    private readonly Dictionary<ulong, PipeUse> _pipes = [];

    /// <summary>Pipes by inode, with one descriptor that the job holds of each.</summary>
    public IReadOnlyDictionary<ulong, PipeUse> Uses => _pipes;

    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) =>
        descriptor.Stat.Type == FileFlag.S_IFIFO && descriptor.Target.StartsWith("pipe:[", StringComparison.Ordinal);

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        var inode = descriptor.Stat.Inode;
        if (!_pipes.TryGetValue(inode, out var pipe))
        {
            pipe = new PipeUse((uint)_pipes.Count + 1, inode, descriptor.Link, descriptor.Process, descriptor.Number);
            _pipes.Add(inode, pipe);
        }

        image.Kind = OpenFile.Types.Kind.Pipe;
        image.Pipe = pipe.Id;
        return null;
    }
}
