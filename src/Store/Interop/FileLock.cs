using System.Globalization;
using System.Text;
using Checkpointer.Store.Files;
using Microsoft.Win32.SafeHandles;

namespace Checkpointer.Store.Interop;

/// <summary>
/// An advisory lock (flock(2)) on a file that is never removed. It belongs to the open file description, so it also excludes
/// a second opening inside this process, and it dies with the process.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private const int PidBytesMax = 32;
    private readonly SafeFileHandle _handle;
    private readonly string _path;

    private FileLock(SafeFileHandle handle, string path)
    {
        _handle = handle;
        _path = path;
    }

    /// <summary>Takes the lock alone, or returns null at once when somebody holds it. The file then says who holds it.</summary>
    public static FileLock? TryExclusive(string path) => Take(path, Libc.LOCK_EX | Libc.LOCK_NB, namesHolder: true);

    /// <summary>Takes the lock alone, waiting for holders that are known to be brief.</summary>
    public static FileLock Exclusive(string path) => Take(path, Libc.LOCK_EX, namesHolder: true)!;

    /// <summary>Takes the lock together with others, waiting for exclusive holders, which are brief by design.</summary>
    public static FileLock Shared(string path) => Take(path, Libc.LOCK_SH, namesHolder: false)!;

    /// <summary>PID that the last exclusive holder wrote into the file, or null.</summary>
    public static int? Holder(string path)
    {
        using var file = new LinuxFileSystem().OpenRead(path);
        Span<byte> text = stackalloc byte[PidBytesMax];
        var length = file?.ReadFully(0, text) ?? 0;
        return int.TryParse(Encoding.ASCII.GetString(text[..length]), NumberStyles.None | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var pid)
            ? pid
            : null;
    }

    /// <summary>PIDs of whoever holds a lock, together with others or alone, as far as the kernel tells them here: in /proc/locks, field 5 of lines of kind FLOCK whose field 6 ends
    /// with the file's inode (proc_locks(5)). Others of a PID namespace that we do not see are not there.</summary>
    public static IReadOnlyList<int> Holders(string path)
    {
        const int kind = 1, pid = 4, place = 5;
        try
        {
            return InodeOf(path) is not { } inode ? [] :
                [.. File.ReadLines("/proc/locks").Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    .Where(words => words.Length > place && words[kind] == "FLOCK" && words[place].EndsWith($":{inode}", StringComparison.Ordinal))
                    .Select(words => int.Parse(words[pid], CultureInfo.InvariantCulture)).Where(holder => holder > 0).Distinct().Order()];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return []; // no proc: the lock is held all the same
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    // proc_pid_fdinfo(5), since Linux 5.14.
    private static string? InodeOf(string path)
    {
        using var handle = Libc.open(path, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        return handle.IsInvalid ? null
            : File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{handle.DangerousGetHandle()}"))
                .FirstOrDefault(line => line.StartsWith("ino:", StringComparison.Ordinal))?["ino:".Length..].Trim();
    }

    private static FileLock? Take(string path, int operation, bool namesHolder)
    {
        var handle = Libc.open(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC, 0x180);
        if (handle.IsInvalid)
        {
            throw FileFailure.From("open", path, LastError.Get());
        }

        while (Libc.flock(handle, operation) < 0)
        {
            var error = LastError.Get();
            if (error == Errno.EINTR)
            {
                continue;
            }

            handle.Dispose();
            return error == Errno.EAGAIN ? null : throw FileFailure.From("flock", path, error);
        }

        var taken = new FileLock(handle, path);
        if (namesHolder)
        {
            taken.WriteHolder();
        }

        return taken;
    }

    // The PID is for the message of whoever finds the lock taken; a full disk must not make the lock fail.
    private void WriteHolder()
    {
        var text = Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
        try
        {
            using var file = new LinuxFile(new SafeFileHandle(_handle.DangerousGetHandle(), ownsHandle: false), _path);
            file.WriteFully(0, text);
            _ = Libc.ftruncate(_handle, text.Length);
        }
        catch (StoreException exception) when (exception.Reason == StoreFailure.Full)
        {
            _ = Libc.ftruncate(_handle, 0);
        }
    }
}
