using System.Runtime.InteropServices;

namespace Checkpointer.Engine.Interop;

/// <content>posix_spawn(3) and what belongs to it. All return the error instead of setting errno. The types are opaque.</content>
internal static unsafe partial class Libc
{
    /// <summary>posix_spawnp(3).</summary>
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int posix_spawnp(int* pid, string file, byte* fileActions, byte* attributes, byte** argv, byte** envp);

    /// <summary>posix_spawn_file_actions_init(3).</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_init(byte* actions);

    /// <summary>posix_spawn_file_actions_destroy(3).</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_destroy(byte* actions);

    /// <summary>posix_spawn_file_actions_addopen(3).</summary>
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int posix_spawn_file_actions_addopen(byte* actions, int fd, string path, int flags, uint mode);

    /// <summary>posix_spawn_file_actions_addchdir_np(3).</summary>
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int posix_spawn_file_actions_addchdir_np(byte* actions, string path);

    /// <summary>posix_spawn_file_actions_addclosefrom_np(3), glibc 2.34.</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_addclosefrom_np(byte* actions, int fd);

    /// <summary>posix_spawnattr_init(3).</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_init(byte* attributes);

    /// <summary>posix_spawnattr_destroy(3).</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_destroy(byte* attributes);

    /// <summary>posix_spawnattr_setflags(3).</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    /// <summary>posix_spawnattr_setsigdefault(3).</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    /// <summary>posix_spawnattr_setsigmask(3).</summary>
    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    /// <summary>sigemptyset(3).</summary>
    [LibraryImport("libc")]
    internal static partial int sigemptyset(byte* signals);

    /// <summary>sigfillset(3).</summary>
    [LibraryImport("libc")]
    internal static partial int sigfillset(byte* signals);
}
