using Checkpointer.Engine.Images;

namespace Checkpointer.Engine.Resources;

/// <summary>
/// One kind of open file. The first kind that claims a descriptor describes the open file behind it, once for all descriptors that share it. Lives
/// as long as one look at the job. Touches nothing.
/// </summary>
internal interface IFileKind
{
    /// <summary>Whether the file is of this kind.</summary>
    bool Claims(OpenDescriptor descriptor);

    /// <summary>Fills in the image.</summary>
    /// <returns>Null, or why the file cannot be carried: the end of the sentence "Descriptor 3 of process 4711 is".</returns>
    string? Describe(OpenDescriptor descriptor, OpenFile image);
}
