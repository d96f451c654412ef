using System.Globalization;
using System.Text.RegularExpressions;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Makes files again whose names were gone: directories, device nodes, symbolic links under their old name, which is taken away at once; files below /proc/PID
/// by a process that is made for it and ended at disposal: one cannot change to the directory of a process that is gone.
/// </summary>
internal sealed partial class RemovedFileBuilder(IEnumerable<RemovedFile> images) : IDisposable
{
    private const uint OnlyForUs = 0x1c0; // 0700
    private const uint PermissionBits = 0xfff;
    private readonly Dictionary<uint, RemovedFile> _images = images.ToDictionary(image => image.Id);
    private readonly Dictionary<uint, SafeFd> _made = [];
    private readonly Dictionary<uint, ProcessId> _standIns = [];

    /// <summary>Opens one; several times gives several open files of the same.</summary>
    /// <param name="id">RemovedFile.id.</param>
    /// <param name="flags">O_*.</param>
    public SafeFd Open(uint id, int flags)
    {
        var image = _images[id];
        if (image.IsOfDeadProcess)
        {
            return OpenDead(image, flags);
        }

        if (((int)image.Mode & FileFlag.S_IFMT) == FileFlag.S_IFLNK)
        {
            return Make(image, flags);
        }

        if (!_made.TryGetValue(id, out var made))
        {
            made = Make(image, FileFlag.O_PATH);
            _made.Add(id, made);
        }

        // The way to it is a link itself.
        return OpenPath(made.Path, flags & ~FileFlag.O_NOFOLLOW);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var fd in _made.Values)
        {
            fd.Dispose();
        }

        foreach (var standIn in _standIns.Values)
        {
            Children.KillAndReap(standIn);
        }
    }

    private SafeFd OpenDead(RemovedFile image, int flags)
    {
        if (!_standIns.TryGetValue(image.Id, out var standIn))
        {
            standIn = Stub.Spawn();
            _standIns.Add(image.Id, standIn);
        }

        return OpenPath(Process().Replace(image.Path.ToStringUtf8(), string.Create(CultureInfo.InvariantCulture, $"/proc/{standIn.Value}")), flags);
    }

    private static SafeFd OpenPath(string path, int flags)
    {
        return OwnFd.Open(path, flags | FileFlag.O_NOCTTY);
    }

    private static SafeFd Make(RemovedFile image, int flags)
    {
        var path = image.Path.ToStringUtf8();
        var ancestors = MakeAncestors(path);
        try
        {
            var name = FileStat.TryOf(path, followsLinks: false) is null ? path : $"{path}.checkpointer-{Environment.ProcessId}";
            MakeNode(image, name);
            try
            {
                LinuxException.ThrowIfFailed(Libc.fchownat(FileFlag.AT_FDCWD, name, image.Owner, image.Group, FileFlag.AT_SYMLINK_NOFOLLOW), $"chown of {name}");
                if (((int)image.Mode & FileFlag.S_IFMT) != FileFlag.S_IFLNK)
                {
                    LinuxException.ThrowIfFailed(Libc.chmod(name, image.Mode & PermissionBits), $"chmod of {name}");
                }

                return OpenPath(name, flags);
            }
            finally
            {
                Remove(image, name);
            }
        }
        finally
        {
            ancestors.ForEach(ancestor => LinuxException.ThrowIfFailed(Libc.rmdir(ancestor), $"rmdir of {ancestor}"));
        }
    }

    private static void MakeNode(RemovedFile image, string name)
    {
        var type = image.Mode & FileFlag.S_IFMT;
        var result = (int)type switch
        {
            FileFlag.S_IFDIR => Libc.mkdir(name, OnlyForUs),
            FileFlag.S_IFLNK => Libc.symlink(image.LinkTarget.ToStringUtf8(), name),
            _ => Libc.mknod(name, type | OnlyForUs, KernelNumber(image.DeviceNode)),
        };
        if (result < 0)
        {
            throw CannotMake(name, LastError.Get());
        }
    }

    private static void Remove(RemovedFile image, string name)
    {
        var isDirectory = ((int)image.Mode & FileFlag.S_IFMT) == FileFlag.S_IFDIR;
        LinuxException.ThrowIfFailed(isDirectory ? Libc.rmdir(name) : Libc.unlink(name), $"removal of {name}");
    }

    /// <summary>Makes directories that are missing on the way.</summary>
    /// <returns>Those that it made, the innermost first.</returns>
    private static List<string> MakeAncestors(string path)
    {
        var missing = new List<string>();
        for (var directory = Path.GetDirectoryName(path); directory is { Length: > 1 } && FileStat.TryOf(directory) is null; directory = Path.GetDirectoryName(directory))
        {
            missing.Add(directory);
        }

        for (var index = missing.Count - 1; index >= 0; index--)
        {
            if (Libc.mkdir(missing[index], OnlyForUs) < 0)
            {
                var errno = LastError.Get();
                missing.Skip(index + 1).ToList().ForEach(made => _ = Libc.rmdir(made));
                throw CannotMake(missing[index], errno);
            }
        }

        return missing;
    }

    private static EngineException CannotMake(string path, Errno errno) => new(
        EngineFailure.WorldChanged, $"{path}, which the job had open and which was removed, cannot be made again: {errno}.", "make its directory, writable, and recover again");

    /// <summary>As struct stat has it, makedev(3).</summary>
    private static ulong KernelNumber(ulong node)
    {
        var (major, minor) = (node >> 32, node & uint.MaxValue);
        return ((major & 0xfff) << 8) | (minor & 0xff) | ((minor & ~0xfful) << 12) | ((major & ~0xffful) << 32);
    }

    [GeneratedRegex("^/proc/[0-9]+")]
    private static partial Regex Process();
}
