using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;

namespace Checkpointer.Engine.Resources;

/// <summary>eventfd(2).</summary>
internal sealed class EventfdKind : IFileKind
{
    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.IsAnonymous("[eventfd]");

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        var eventfd = SpecialFiles.Eventfd(descriptor.Info);
        image.Kind = OpenFile.Types.Kind.Eventfd;
        image.Eventfd = new Eventfd { Count = eventfd.Count, IsSemaphore = eventfd.IsSemaphore };
        return null;
    }
}
