using System.Globalization;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// Tells whether there is memory for a clone: each page that the job writes while the clone lives is held twice, on the host and in the job's
/// cgroup. The clone is also the first that the kernel would kill for memory.
/// </summary>
internal static class CloneRoom
{
    // How much of the process may be written while its clone is read, at some GB/s of writing and 1 GB/s of reading and storing. More, and the
    // kernel kills the clone: the dump fails and the job runs on.
    private const int RoomDivisor = 4;

    /// <summary>Why there is no room, or null.</summary>
    public static string? WhyNot(ProcessId process, CaptureSource source)
    {
        var needed = source.PopulatedBytes / RoomDivisor;
        if (HostMemory.AvailableBytes() is { } available && available < needed)
        {
            return string.Create(CultureInfo.InvariantCulture, $"the host has {available >> 20} MiB left, {needed >> 20} MiB may be needed");
        }

        return CgroupMemory.RoomOf(process) is { } room && room < needed
            ? string.Create(CultureInfo.InvariantCulture, $"its cgroup has {room >> 20} MiB left, {needed >> 20} MiB may be needed")
            : null;
    }
}
