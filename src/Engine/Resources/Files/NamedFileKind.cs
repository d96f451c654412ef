using Checkpointer.Engine.Images;

namespace Checkpointer.Engine.Resources;

/// <summary>Files of which only the name counts: directories, and symbolic links themselves (opened with O_PATH and O_NOFOLLOW).</summary>
/// <param name="type">S_IF*.</param>
/// <param name="kind">What the image calls it.</param>
/// <param name="removed">Receives those whose names are gone.</param>
/// <param name="duplicates">To ask what /proc does not show.</param>
internal sealed class NamedFileKind(int type, OpenFile.Types.Kind kind, RemovedFiles removed, Duplicates duplicates) : IFileKind
{
    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.Stat.Type == type;

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        image.Kind = kind;
        image.RemovedFile = kind == OpenFile.Types.Kind.SymbolicLink
            ? removed.EnterLink(descriptor, duplicates)
            : removed.Enter(descriptor.Target, descriptor.Stat, descriptor.Link);
        return image.RemovedFile != 0 ? null : NamedFile.WhyNotReopenable(descriptor);
    }
}
