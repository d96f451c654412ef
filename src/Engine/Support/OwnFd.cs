using System.Globalization;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>Opens files in our own process; none is inherited over execve(2).</summary>
internal static class OwnFd
{
    /// <summary>Opens by path, open(2).</summary>
    /// <param name="path">Path.</param>
    /// <param name="flags">O_*.</param>
    /// <param name="name">What the error calls it; null for the path.</param>
    public static SafeFd Open(string path, int flags, string? name = null)
    {
        var number = Libc.open(path, flags | FileFlag.O_CLOEXEC, 0);
        LinuxException.ThrowIfFailed(number, $"open of {name ?? path}");
        return new SafeFd(number);
    }

    /// <summary>The same; null where it fails, with the reason in <see cref="LastError"/>.</summary>
    public static SafeFd? TryOpen(string path, int flags)
    {
        var number = Libc.open(path, flags | FileFlag.O_CLOEXEC, 0);
        return number < 0 ? null : new SafeFd(number);
    }

    /// <summary>Opens the object that a mapping of ours is of, proc_pid_map_files(5).</summary>
    /// <param name="start">First address of the mapping.</param>
    /// <param name="end">Address behind it.</param>
    /// <param name="flags">O_*.</param>
    public static SafeFd OfMapping(ulong start, ulong end, int flags) =>
        Open(string.Create(CultureInfo.InvariantCulture, $"/proc/self/map_files/{start:x}-{end:x}"), flags);
}
