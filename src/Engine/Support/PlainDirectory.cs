using System.Text;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>
/// A directory that was reached without following a symbolic link. Files in it are named through it, so that nobody can lead us elsewhere by putting a
/// link into the path meanwhile.
/// </summary>
internal sealed unsafe class PlainDirectory : IDisposable
{
    private readonly SafeFd _fd;

    private PlainDirectory(SafeFd fd, string path)
    {
        _fd = fd;
        Path = path;
    }

    /// <summary>The path that it was opened by.</summary>
    public string Path { get; }

    /// <summary>A path of ours to a file in it.</summary>
    public string this[string name] => $"{_fd.Path}/{name}";

    /// <summary>Opens a directory.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="errno">Why not: ELOOP where there is a symbolic link in the path.</param>
    public static PlainDirectory? TryOpen(string path, out Errno errno)
    {
        var how = new open_how { flags = FileFlag.O_RDONLY | FileFlag.O_DIRECTORY | FileFlag.O_CLOEXEC, resolve = FileFlag.RESOLVE_NO_SYMLINKS };
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            var number = Libc.syscall((nint)Sys.Openat2, FileFlag.AT_FDCWD, (nint)name, (nint)(&how), sizeof(open_how), 0);
            errno = number < 0 ? LastError.Get() : Errno.None;
            return number < 0 ? null : new PlainDirectory(new SafeFd((int)number), path);
        }
    }

    /// <summary>Opens a directory that must be there.</summary>
    public static PlainDirectory Open(string path) => TryOpen(path, out var errno) ?? throw new LinuxException($"open of the directory {path}", errno);

    /// <summary>Opens a file in it; a symbolic link is an error.</summary>
    public SafeFd Open(string name, int flags, uint mode = 0)
    {
        var number = Libc.open(this[name], flags | FileFlag.O_CLOEXEC | FileFlag.O_NOFOLLOW, mode);
        LinuxException.ThrowIfFailed(number, $"open of {Path}/{name}");
        return new SafeFd(number);
    }

    /// <summary>What a file in it is; null where there is none.</summary>
    public FileStat? Stat(string name) => FileStat.TryOf(this[name], followsLinks: false);

    /// <summary>Gives a file another name, whatever had that name before.</summary>
    public void Rename(string from, string to) => LinuxException.ThrowIfFailed(Libc.rename(this[from], this[to]), $"rename of {Path}/{from} to {to}");

    /// <summary>Gives a file another name that nobody has.</summary>
    public void RenameToFree(string from, string to) => LinuxException.ThrowIfFailed(
        Libc.renameat2(FileFlag.AT_FDCWD, this[from], FileFlag.AT_FDCWD, this[to], FileFlag.RENAME_NOREPLACE), $"rename of {Path}/{from} to {to}");

    /// <summary>Takes a name away; it need not be there.</summary>
    public void Remove(string name)
    {
        if (Libc.unlink(this[name]) < 0 && LastError.Get() is not Errno.ENOENT and var errno)
        {
            throw new LinuxException($"unlink of {Path}/{name}", errno);
        }
    }

    /// <summary>Makes names durable.</summary>
    public void Flush() => LinuxException.ThrowIfFailed(Libc.fsync(_fd.Number), $"fsync of the directory {Path}");

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();
}
