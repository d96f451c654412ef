using System.Globalization;
using System.Text;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Binds AF_UNIX sockets to paths. A socket keeps the name that it was bound by, absolute or relative, wherever its file is moved to. So each is
/// bound in a directory of its own, which is the root of this thread for that moment, and its file is moved to its place after that.
/// Precondition: runs on an OS thread of its own, whose root and working directory nobody else shares after this.
/// </summary>
internal sealed class SocketNames : IDisposable
{
    private const int PermissionBits = 0xfff;
    private const string FallbackDirectory = "/tmp";
    private readonly List<string> _directories = [];
    private readonly List<SafeFd> _files = [];
    private SafeFd? _root;
    private SafeFd? _workingDirectory;

    /// <summary>Binds a socket.</summary>
    /// <param name="socket">Ours.</param>
    /// <param name="address">struct sockaddr_un with a path.</param>
    /// <param name="near">A directory; the file is made on its file system. Null: anywhere.</param>
    /// <returns>Where its file is, and the file.</returns>
    public (string Path, SafeFd File) Bind(SafeFd socket, ReadOnlySpan<byte> address, string? near)
    {
        LeaveSharedRoot();
        var name = UnixSocketNames.Text(address);
        var directory = MakeDirectory(near is not null && Directory.Exists(near) ? near : FallbackDirectory);
        // So many levels down that the name's own steps upwards stay in it.
        var depth = name.StartsWith('/') ? "/" : string.Concat(name.Split('/').Where(part => part == "..").Select((_, level) => $"/{level}"));
        var path = Path.GetFullPath(directory + depth + "/" + name);
        var start = Directory.CreateDirectory(directory + depth).FullName;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        BindUnderRoot(socket, address, directory, start[directory.Length..]);
        var file = OpenPath(path);
        _files.Add(file);
        return (path, file);
    }

    /// <summary>Gives a socket's file its rights and moves it to its place, over what is there.</summary>
    public static void Place(string made, string path, uint mode, uint owner, uint group)
    {
        LinuxException.ThrowIfFailed(Libc.lchown(made, owner, group), $"lchown of {path}");
        LinuxException.ThrowIfFailed(Libc.chmod(made, mode & PermissionBits), $"chmod of {path}");
        LinuxException.ThrowIfFailed(Libc.rename(made, path), $"rename of {made} to {path}");
    }

    /// <summary>Throws WorldChanged where something has taken a socket's place that is not left over from the job.</summary>
    public static void RequirePlaces(IEnumerable<string> paths)
    {
        HashSet<uint>? inUse = null;
        foreach (var path in paths.Where(path => path.Length > 0))
        {
            if (FileStat.TryOf(path, followsLinks: false) is not { } there)
            {
                continue;
            }

            inUse ??= [.. UnixSocketTable.Read().Values.Select(socket => socket.FileInode)];
            if (there.Type == FileFlag.S_IFSOCK && !inUse.Contains((uint)there.Inode))
            {
                continue;
            }

            throw new EngineException(
                EngineFailure.WorldChanged, $"{path}, the name of a socket of the job, is in use by something else now.", "remove that, or stop the program that uses it");
        }
    }

    /// <summary>An address by which a socket is found, also by processes of the job, through our descriptor of its file; a path could be too long.</summary>
    public static byte[] AddressOf(SafeFd file)
    {
        var bytes = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{file.Number}"));
        var address = new byte[sizeof(ushort) + bytes.Length + 1];
        address[0] = SocketNumber.AF_UNIX;
        bytes.CopyTo(address, sizeof(ushort));
        return address;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _files.ForEach(file => file.Dispose());
        _directories.ForEach(directory => Directory.Delete(directory, recursive: true));
        _root?.Dispose();
        _workingDirectory?.Dispose();
    }

    private string MakeDirectory(string parent)
    {
        var directory = Path.Combine(parent, string.Create(CultureInfo.InvariantCulture, $".checkpointer-{Environment.ProcessId}-{_directories.Count}"));
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _directories.Add(directory);
        return directory;
    }

    /// <summary>Root and working directory belong to all threads of a process until one leaves.</summary>
    private unsafe void LeaveSharedRoot()
    {
        if (_root is not null)
        {
            return;
        }

        LinuxException.ThrowIfFailed(Libc.unshare(Task.CLONE_FS), "unshare(CLONE_FS)");
        _root = OpenPath("/");
        _workingDirectory = OpenPath(".");
        // The runtime looks these up in files when they are first called; not under another root.
        _ = Libc.bind(-1, null, 0);
        _ = Libc.chroot(string.Empty);
        _ = Libc.chdir(string.Empty);
        LinuxException.ThrowIfFailed(Libc.fchdir(_workingDirectory.Number), "fchdir");
    }

    private unsafe void BindUnderRoot(SafeFd socket, ReadOnlySpan<byte> address, string root, string start)
    {
        int bound;
        fixed (byte* bytes = address)
        {
            LinuxException.ThrowIfFailed(Libc.chroot(root), $"chroot to {root}");
            bound = Libc.chdir(start.Length == 0 ? "/" : start) == 0 ? Libc.bind(socket.Number, bytes, (uint)address.Length) : -1;
        }

        var errno = LastError.Get();
        var back = Libc.fchdir(_root!.Number) == 0 && Libc.chroot(".") == 0 && Libc.fchdir(_workingDirectory!.Number) == 0;
        Invariant.Require(back, "The way back from another root directory failed.");
        if (bound < 0)
        {
            throw new LinuxException($"bind to {UnixSocketNames.Text(address)}", errno);
        }
    }

    private static SafeFd OpenPath(string path)
    {
        return OwnFd.Open(path, FileFlag.O_PATH);
    }
}
