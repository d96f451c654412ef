using Checkpointer.Engine.Images;
using Checkpointer.Engine.Support;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>
/// Objects whose bytes belong to the generation: memory that processes share, files that are mapped for writing, files without a name. Each is
/// numbered once over the whole job, however many mappings and descriptors lead to it.
/// </summary>
internal sealed class SharedObjectTable
{
    private readonly Dictionary<(bool IsSystemV, ulong Device, ulong Inode), SharedObject> _objects = [];

    /// <summary>All objects so far.</summary>
    public IReadOnlyCollection<SharedObject> Objects => _objects.Values;

    /// <summary>The number of the object of an inode; 0 where there is none.</summary>
    public uint Find(ulong device, ulong inode) => _objects.TryGetValue((false, device, inode), out var entry) ? entry.Image.Id : 0;

    /// <summary>The object of an inode; entered where it is new.</summary>
    /// <param name="stat">The inode.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="path">Its name, see <see cref="SharedMemory"/>.</param>
    /// <param name="openPath">Path to open it by while the job is frozen.</param>
    /// <param name="isNew">False where it was entered before.</param>
    public SharedMemory Add(in FileStat stat, SharedMemory.Types.Kind kind, string path, string openPath, out bool isNew)
    {
        // Inode numbers of System V segments are their IDs, which other objects on the same internal file system may have too.
        var key = (kind == SharedMemory.Types.Kind.SystemV, stat.Device, stat.Inode);
        isNew = !_objects.TryGetValue(key, out var entry);
        if (entry is null)
        {
            entry = new SharedObject(
                new SharedMemory
                {
                    Id = (uint)_objects.Count + 1,
                    Kind = kind,
                    Bytes = stat.Bytes,
                    Path = ByteString.CopyFromUtf8(path),
                    Mode = stat.Permissions,
                    Owner = stat.Owner,
                    Group = stat.Group,
                    AccessedNs = stat.AccessedNs,
                    ModifiedNs = stat.ModifiedNs,
                },
                openPath,
                stat.Device,
                stat.Inode);
            _objects.Add(key, entry);
        }

        return entry.Image;
    }
}

/// <summary>One object whose bytes belong to the generation.</summary>
/// <param name="Image">What it is.</param>
/// <param name="OpenPath">Path to open it by while the job is frozen.</param>
/// <param name="Device">Its file system.</param>
/// <param name="Inode">Its inode number.</param>
internal sealed record SharedObject(SharedMemory Image, string OpenPath, ulong Device, ulong Inode)
{
    /// <summary>Name of its content in the generation.</summary>
    public string ContentName => ImageVersion.Shared(Image.Id);
}
