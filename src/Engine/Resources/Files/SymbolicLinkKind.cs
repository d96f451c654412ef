using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Resources;

/// <summary>Symbolic links themselves, opened with O_PATH and O_NOFOLLOW.</summary>
internal sealed class SymbolicLinkKind : IFileKind
{
    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.Stat.Type == FileFlag.S_IFLNK;

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        image.Kind = OpenFile.Types.Kind.SymbolicLink;
        return NamedFile.WhyNotReopenable(descriptor);
    }
}
