using System.Globalization;

namespace Checkpointer.Engine.Proc;

/// <summary>Memory of the host, /proc/meminfo.</summary>
internal static class HostMemory
{
    private const long BytesPerKilobyte = 1024;

    /// <summary>MemAvailable in bytes; null where the kernel does not tell.</summary>
    public static long? AvailableBytes()
    {
        var line = File.ReadLines("/proc/meminfo").FirstOrDefault(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal));
        return line is null
            ? null
            : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * BytesPerKilobyte;
    }
}
