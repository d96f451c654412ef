using System.Globalization;

namespace Checkpointer.Engine.Dump;

/// <summary>How much memory a dump may copy aside.</summary>
internal static class CopyBudget
{
    private const long BytesPerKilobyte = 1024;

    /// <summary>The configured limit, but never more than half of what the host has to give (MemAvailable of /proc/meminfo).</summary>
    public static long Of(EngineOptions options)
    {
        var line = File.ReadLines("/proc/meminfo").FirstOrDefault(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal));
        if (line is null)
        {
            return options.CopyBudgetBytes;
        }

        var number = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        return Math.Min(options.CopyBudgetBytes, long.Parse(number, CultureInfo.InvariantCulture) * BytesPerKilobyte / 2);
    }
}
