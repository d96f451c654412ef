using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Dump;

/// <summary>A regular file with a name that a generation carries, however many descriptors and processes lead to it.</summary>
/// <param name="Path">Its name.</param>
/// <param name="Device">File system, major &lt;&lt; 32 | minor.</param>
/// <param name="Inode">Inode number.</param>
/// <param name="IsOpen">The job has it open for writing.</param>
/// <param name="Unreadable">Why we must not open it: the job would notice. The end of the sentence "It". Null where we may.</param>
/// <param name="SharedMemory">Number of the object where the job has it mapped shared and writable; else 0.</param>
/// <param name="Positions">Offsets of the open files that write it.</param>
internal sealed record WrittenFile(
    string Path, ulong Device, ulong Inode, bool IsOpen, string? Unreadable, uint SharedMemory, IReadOnlyList<long> Positions)
{
    /// <summary>All of a job.</summary>
    /// <param name="files">Its open files.</param>
    /// <param name="objects">Objects whose bytes belong to the generation anyway.</param>
    /// <param name="paths">Paths of its policy.</param>
    public static List<WrittenFile> Of(Files files, SharedObjectTable objects, IReadOnlyList<string> paths)
    {
        var written = new Dictionary<(ulong, ulong), WrittenFile>();
        var notices = new FileNotices(files);
        foreach (var group in files.OpenFiles.Where(file => file is { Kind: OpenFile.Types.Kind.Regular, SharedMemory: 0 }).GroupBy(file => (file.Device, file.Inode)))
        {
            var writers = group.Where(IsWriting).ToList();
            if (writers.Count > 0)
            {
                written.Add(group.Key, new WrittenFile(
                    writers[0].Path.ToStringUtf8(), group.Key.Device, group.Key.Inode, true, notices.OfReading(writers[0].Path.ToStringUtf8(), group.Key),
                    objects.Find(group.Key.Device, group.Key.Inode), [.. writers.Select(file => file.Position)]));
            }
        }

        foreach (var shared in objects.Objects.Where(shared => shared.Image.Kind == Images.SharedMemory.Types.Kind.File))
        {
            written.TryAdd((shared.Device, shared.Inode), new WrittenFile(
                shared.Image.Path.ToStringUtf8(), shared.Device, shared.Inode, false, null, shared.Image.Id, []));
        }

        foreach (var path in PolicyPaths.Find(paths))
        {
            if (FileStat.TryOf(path, followsLinks: false) is { Type: FileFlag.S_IFREG } stat)
            {
                var key = (stat.Device, stat.Inode);
                written.TryAdd(key, new WrittenFile(path, stat.Device, stat.Inode, false, notices.OfReading(path, key), 0, []));
            }
        }

        return [.. written.Values];
    }

    private static bool IsWriting(OpenFile file) =>
        ((int)file.Flags & FileFlag.O_ACCMODE) != FileFlag.O_RDONLY && ((int)file.Flags & FileFlag.O_PATH) == 0;
}
