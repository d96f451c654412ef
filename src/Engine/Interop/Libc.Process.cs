using System.Runtime.InteropServices;

namespace Checkpointer.Engine.Interop;

/// <summary>
/// libc functions, named as in libc, without logic; a wrapper type next door is the only caller of each. Variadic functions
/// (ptrace, open, ioctl, fcntl, prctl, syscall) are bound with fixed integer arguments, which x86-64 and arm64 Linux allow.
/// </summary>
internal static unsafe partial class Libc
{
    /// <summary>ptrace(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint ptrace(nint request, int pid, nint addr, nint data);

    /// <summary>waitpid(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int waitpid(int pid, int* status, int options);

    /// <summary>waitid(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int waitid(int idtype, int id, siginfo_child* info, int options);

    /// <summary>kill(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int kill(int pid, int sig);

    /// <summary>gettid(2).</summary>
    [LibraryImport("libc")]
    internal static partial int gettid();

    /// <summary>setpriority(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setpriority(int which, int who, int priority);

    /// <summary>getpriority(2) of the C library: the nice level.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getpriority(int which, int who);

    /// <summary>getpid(2).</summary>
    [LibraryImport("libc")]
    internal static partial int getpid();

    /// <summary>sched_yield(2).</summary>
    [LibraryImport("libc")]
    internal static partial int sched_yield();

    /// <summary>usleep(3), microseconds.</summary>
    [LibraryImport("libc")]
    internal static partial int usleep(uint usec);

    /// <summary>prlimit(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int prlimit(int pid, int resource, rlimit64* newLimit, rlimit64* oldLimit);

    /// <summary>posix_spawn(3). Returns the error instead of setting errno.</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawn(int* pid, byte* path, nint fileActions, nint attributes, byte** argv, byte** envp);

    /// <summary>sched_getaffinity(2); size in bytes.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sched_getaffinity(int pid, nuint cpusetsize, byte* mask);

    /// <summary>syscall(2), for calls that old libcs have no wrapper for.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint syscall(nint number, nint a1, nint a2, nint a3, nint a4, nint a5);
}
