using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

[assembly: DisableRuntimeMarshalling]
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace Checkpointer.Store.Interop;

/// <summary>
/// The file system calls of the store, raw and named as in libc. The BCL is not enough: it cannot fsync a directory, hides
/// the errno of some failures, and takes locks of its own. <c>open</c> is variadic in C and bound with its three arguments, which
/// is correct on Linux x86-64 and arm64. Only <c>Files</c> calls this.
/// </summary>
internal static unsafe partial class Libc
{
    public const int O_RDONLY = 0;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_CLOEXEC = 0x80000;

    public const int PRIO_PROCESS = 0;

    public const int LOCK_SH = 1;
    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;

    public const int POSIX_FADV_WILLNEED = 3;
    public const int POSIX_FADV_DONTNEED = 4;

    public const uint SYNC_FILE_RANGE_WRITE = 2;

    /// <summary>Differs between architectures: asm-generic/fcntl.h, arch/arm64/include/uapi/asm/fcntl.h.</summary>
    public static int O_DIRECT { get; } = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x10000 : 0x4000;

    /// <summary>As <see cref="O_DIRECT"/>, with the numbers exchanged.</summary>
    public static int O_DIRECTORY { get; } = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;

    /// <summary>open(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle open(string path, int flags, uint mode);

    /// <summary>pread(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial nint pread(SafeFileHandle file, byte* buffer, nuint count, long offset);

    /// <summary>pwrite(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial nint pwrite(SafeFileHandle file, byte* buffer, nuint count, long offset);

    /// <summary>lseek(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial long lseek(SafeFileHandle file, long offset, int whence);

    /// <summary>ftruncate(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int ftruncate(SafeFileHandle file, long length);

    /// <summary>fsync(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int fsync(SafeFileHandle file);

    /// <summary>sync_file_range(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int sync_file_range(SafeFileHandle file, long offset, long bytes, uint flags);

    /// <summary>posix_fadvise(3); returns the error instead of setting errno.</summary>
    [LibraryImport("libc")]
    public static partial int posix_fadvise(SafeFileHandle file, long offset, long length, int advice);

    /// <summary>getpriority(2).</summary>
    [LibraryImport("libc")]
    public static partial int getpriority(int which, uint who);

    /// <summary>setpriority(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int setpriority(int which, uint who, int nice);

    /// <summary>flock(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int flock(SafeFileHandle file, int operation);

    /// <summary>rename(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int rename(string source, string target);

    /// <summary>unlink(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int unlink(string path);

    /// <summary>mkdir(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int mkdir(string path, uint mode);

    /// <summary>chmod(2).</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int chmod(string path, uint mode);
}
