using System.Text.RegularExpressions;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>
/// Files that are no regular ones and whose names are gone: directories, device nodes, symbolic links, what is below /proc/PID of a process that is gone. Each
/// is numbered once over the whole job.
/// </summary>
internal sealed partial class RemovedFiles
{
    private const int LinkBytesMax = 4096; // PATH_MAX
    private readonly Dictionary<(ulong Device, ulong Inode), RemovedFile> _files = [];

    /// <summary>All so far.</summary>
    public IEnumerable<RemovedFile> Images => _files.Values;

    /// <summary>True where a link of /proc shows a name that the file does not have any more.</summary>
    public static bool Is(string target, in FileStat stat)
    {
        var path = ProcText.StripDeleted(target, out var isDeleted);
        // Files below a directory of /proc that is gone are shown as if they were there.
        return target.StartsWith('/') && (isDeleted || BelowProcess().IsMatch(path)) && !target.Contains('\uFFFD', StringComparison.Ordinal) && !stat.IsAt(target);
    }

    /// <summary>Enters a file where its name is gone.</summary>
    /// <param name="target">What the link of /proc shows.</param>
    /// <param name="stat">The file.</param>
    /// <param name="link">That link.</param>
    /// <returns>Its number; 0 where it has its name.</returns>
    public uint Enter(string target, in FileStat stat, string link)
    {
        if (!Is(target, stat))
        {
            return 0;
        }

        if (!_files.TryGetValue((stat.Device, stat.Inode), out var image))
        {
            var path = ProcText.StripDeleted(target, out _);
            image = new RemovedFile
            {
                Id = (uint)_files.Count + 1,
                Path = ByteString.CopyFromUtf8(path),
                Mode = (uint)stat.Mode,
                Owner = stat.Owner,
                Group = stat.Group,
                DeviceNode = stat.DeviceNode,
                IsOfDeadProcess = BelowProcess().IsMatch(path) && IsOnProc(link),
            };
            _files.Add((stat.Device, stat.Inode), image);
        }

        return image.Id;
    }

    /// <summary>Enters a symbolic link whose name is gone.</summary>
    /// <returns>Its number; 0 where it has its name.</returns>
    public uint EnterLink(OpenDescriptor descriptor, Duplicates duplicates)
    {
        var id = Enter(descriptor.Target, descriptor.Stat, descriptor.Link);
        if (id != 0)
        {
            using var duplicate = duplicates.TryTake(descriptor);
            // Closed meanwhile only in preflight.
            _files[(descriptor.Stat.Device, descriptor.Stat.Inode)].LinkTarget = duplicate is null ? ByteString.Empty : Target(duplicate);
        }

        return id;
    }

    /// <summary>The number of a file that was entered; 0 where it was not.</summary>
    public uint Find(ulong device, ulong inode) => _files.TryGetValue((device, inode), out var image) ? image.Id : 0;

    /// <summary>True for a file of procfs.</summary>
    public static unsafe bool IsOnProc(string link)
    {
        statfs64_t fileSystem = default;
        return Libc.statfs64(link, &fileSystem) == 0 && fileSystem.f_type == FileFlag.PROC_SUPER_MAGIC;
    }

    private static unsafe ByteString Target(SafeFd link)
    {
        var target = new byte[LinkBytesMax];
        fixed (byte* bytes = target)
        {
            var length = Libc.readlinkat(link.Number, string.Empty, bytes, (nuint)target.Length);
            LinuxException.ThrowIfFailed(length, "readlinkat of a removed symbolic link");
            return ByteString.CopyFrom(target, 0, (int)length);
        }
    }

    [GeneratedRegex("^/proc/[0-9]+(?:/|$)")]
    private static partial Regex BelowProcess();
}
