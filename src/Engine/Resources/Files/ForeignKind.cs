using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Resources;

/// <summary>Everything else: claimed last, and refused by name.</summary>
internal sealed class ForeignKind : IFileKind
{
    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => true;

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image) => descriptor.Stat.Type switch
    {
        FileFlag.S_IFBLK => $"the block device {descriptor.Target}",
        _ => AnonymousFileNames.Of(descriptor.Target),
    };
}
