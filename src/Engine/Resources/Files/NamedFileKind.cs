using Checkpointer.Engine.Images;

namespace Checkpointer.Engine.Resources;

/// <summary>Files of which only the name counts: directories, and symbolic links themselves (opened with O_PATH and O_NOFOLLOW).</summary>
/// <param name="type">S_IF*.</param>
/// <param name="kind">What the image calls it.</param>
internal sealed class NamedFileKind(int type, OpenFile.Types.Kind kind) : IFileKind
{
    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.Stat.Type == type;

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        image.Kind = kind;
        return NamedFile.WhyNotReopenable(descriptor);
    }
}
