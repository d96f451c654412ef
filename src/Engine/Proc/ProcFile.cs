using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Microsoft.Win32.SafeHandles;

namespace Checkpointer.Engine.Proc;

/// <summary>Parses the bytes of a whole file.</summary>
internal delegate T ProcParser<out T>(ReadOnlySpan<byte> text);

/// <summary>
/// Opens and reads files, links and directories of /proc, and sorts their failures: a process that is gone gives null,
/// everything else an <see cref="EngineException"/>.
/// </summary>
/// <remarks>A file longer than a page is not one snapshot: the kernel writes it while it is read. Only that of a frozen
/// process is consistent.</remarks>
internal static class ProcFile
{
    /// <summary>Most files fit; smaps has about 700 bytes per mapping and grows from here.</summary>
    private const int FirstBufferBytes = 16 * 1024;

    /// <summary>vm.max_map_count is 65530 by default; smaps has at most 1 KiB and a path of 4 KiB for each: 320 MiB.</summary>
    private const int FileBytesMax = 512 * 1024 * 1024;

    /// <summary>PATH_MAX: longer ones the kernel answers with ENAMETOOLONG.</summary>
    private const int LinkBytesMax = 4096;

    /// <summary>ESRCH, what read(2) gives after the process has gone: the runtime has no exception of its own for it.</summary>
    private const int NoSuchProcessErrno = 3;

    /// <summary>EINVAL, what opening the mounts gives of a process that is ending and has given its namespaces up.</summary>
    private const int NoNamespaceErrno = 22;

    /// <summary>Reads a file whole and parses it, or returns null where the process is gone.</summary>
    /// <exception cref="ProcFormatException">The content is not as known.</exception>
    /// <exception cref="EngineException">Not permitted, or failed otherwise.</exception>
    public static T? TryParse<T>(string path, ProcParser<T> parse)
        where T : class
        => TryAccess(path, () => ReadAndParse(path, parse));

    /// <summary>The text of a symbolic link, or null where it is absent.</summary>
    /// <exception cref="EngineException">Not permitted, or failed otherwise.</exception>
    public static string? TryReadLink(string path)
    {
        // Not by the runtime: it looks at a link in several calls, between which a process that runs may close or open a descriptor.
        Span<byte> target = stackalloc byte[LinkBytesMax];
        var count = Libc.readlink(path, ref MemoryMarshal.GetReference(target), (nuint)target.Length);
        if (count >= 0)
        {
            return Encoding.UTF8.GetString(target[..(int)count]);
        }

        var errno = LastError.Get();
        // EACCES is also what procfs says of a process that went between the look-up of the link and the look at it (fs/proc/namespaces.c).
        var isGone = errno is Errno.ENOENT or Errno.ESRCH or Errno.ENOTDIR || (errno == Errno.EACCES && FileStat.TryOf(path, followsLinks: false) is null);
        return isGone ? null : throw new LinuxException($"readlink of {path}", errno);
    }

    /// <summary>The names in a directory that are numbers, in the kernel's order, or null where it is absent.</summary>
    public static List<int>? TryListNumbers(string path) => TryAccess(path, () => ListNumbers(path));

    private static T? TryAccess<T>(string path, Func<T> access)
        where T : class
    {
        try
        {
            return access();
        }
        catch (IOException failure) when (IsGone(failure) || (failure.HResult == NoNamespaceErrno && path.EndsWith("/mountinfo", StringComparison.Ordinal)))
        {
            return null;
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new EngineException(
                EngineFailure.NotPermitted, $"reading {path} is not permitted", "run as root or as the owner of the process", failure);
        }
        catch (IOException failure)
        {
            throw new EngineException(EngineFailure.Failed, $"reading {path} failed: {failure.Message}", null, failure);
        }
    }

    internal static bool IsGone(IOException failure)
        => failure is FileNotFoundException or DirectoryNotFoundException || failure.HResult == NoSuchProcessErrno;

    private static T ReadAndParse<T>(string path, ProcParser<T> parse)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(FirstBufferBytes);
        try
        {
            int count = ReadWhole(path, ref buffer);
            return parse(buffer.AsSpan(0, count));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads until the end is seen: the kernel reports a length of 0 for these files.</summary>
    private static int ReadWhole(string path, ref byte[] buffer)
    {
        using SafeFileHandle file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
        int count = 0;
        while (true)
        {
            int read = RandomAccess.Read(file, buffer.AsSpan(count), count);
            count += read;
            if (read == 0)
            {
                return count;
            }

            if (count == buffer.Length)
            {
                Grow(path, ref buffer);
            }
        }
    }

    private static void Grow(string path, ref byte[] buffer)
    {
        if (buffer.Length >= FileBytesMax)
        {
            throw new EngineException(EngineFailure.Failed, $"{path} is longer than {FileBytesMax} bytes");
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }

    private static List<int> ListNumbers(string path)
    {
        var numbers = new List<int>();
        foreach (string entry in Directory.EnumerateFileSystemEntries(path))
        {
            ReadOnlySpan<char> name = Path.GetFileName(entry.AsSpan());
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }
}
