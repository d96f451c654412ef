using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Resources;

/// <summary>Regular files. Of those that have a name the bytes are not part of the generation, of deleted files and memfds they are.</summary>
internal sealed class RegularFileKind(SharedObjectTable objects) : IFileKind
{
    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.Stat.Type == FileFlag.S_IFREG;

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        image.Kind = OpenFile.Types.Kind.Regular;
        image.Bytes = descriptor.Stat.Bytes;
        if (!NamelessFile.Is(descriptor.Target, descriptor.Stat))
        {
            return NamedFile.WhyNotReopenable(descriptor);
        }

        image.SharedMemory = NamelessFile.Enter(objects, descriptor.Target, descriptor.Stat, descriptor.Link, out var why).Id;
        return why;
    }
}
