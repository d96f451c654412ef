using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;

namespace Checkpointer.Engine.Resources;

/// <summary>signalfd(2).</summary>
internal sealed class SignalfdKind : IFileKind
{
    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.IsAnonymous("[signalfd]");

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        image.Kind = OpenFile.Types.Kind.Signalfd;
        image.SignalMask = SpecialFiles.Signalfd(descriptor.Info);
        return null;
    }
}
