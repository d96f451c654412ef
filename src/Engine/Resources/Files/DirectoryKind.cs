using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Resources;

/// <summary>Directories.</summary>
internal sealed class DirectoryKind : IFileKind
{
    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.Stat.Type == FileFlag.S_IFDIR;

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        image.Kind = OpenFile.Types.Kind.Directory;
        return NamedFile.WhyNotReopenable(descriptor);
    }
}
