using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>
/// What looks like a regular file, or like a deleted one, and has no bytes to read: POSIX message queues (mq_overview(7)), whose messages can only be taken out, and
/// memory that nobody but its owner can read (memfd_secret(2)). Refused.
/// </summary>
internal sealed class SeemingFileKind : IFileKind
{
    private readonly Dictionary<ulong, long> _fileSystems = [];

    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.Stat.Type == FileFlag.S_IFREG && NameOf(descriptor) is not null;

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image) => $"{NameOf(descriptor)} {descriptor.Target}";

    private string? NameOf(OpenDescriptor descriptor)
    {
        if (!_fileSystems.TryGetValue(descriptor.Stat.Device, out var type))
        {
            type = FileSystems.TypeOf(descriptor.Link);
            _fileSystems.Add(descriptor.Stat.Device, type);
        }

        return type switch
        {
            FileSystem.MQUEUE_MAGIC => "the POSIX message queue",
            FileSystem.SECRETMEM_MAGIC => "secret memory",
            _ => null,
        };
    }
}
