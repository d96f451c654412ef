using System.Runtime.InteropServices;

namespace Checkpointer.Benchmarks;

/// <summary>What the numbers were measured on.</summary>
internal static class Conditions
{
    /// <summary>A sentence for the document: processor, memory, kernel, runtime, disk and load.</summary>
    public static string Describe(string directory)
    {
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30);
        var disk = new DriveInfo(directory);
        return $"Measured on {ProcessorName()}, {Environment.ProcessorCount} processors, {memory:F0} GiB of memory, Linux {Read("/proc/sys/kernel/osrelease")}, "
            + $"{RuntimeInformation.FrameworkDescription}, store on {disk.DriveFormat}, transparent huge pages {Chosen("/sys/kernel/mm/transparent_hugepage/enabled")}, "
            + $"load at the start {Read("/proc/loadavg").Split(' ')[0]}.";
    }

    private static string ProcessorName() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim()
        ?? RuntimeInformation.ProcessArchitecture.ToString();

    private static string Read(string path) => File.ReadAllText(path).Trim();

    private static string Chosen(string path)
    {
        if (!File.Exists(path))
        {
            return "absent";
        }

        var text = Read(path);
        return text[(text.IndexOf('[', StringComparison.Ordinal) + 1)..text.IndexOf(']', StringComparison.Ordinal)];
    }
}
