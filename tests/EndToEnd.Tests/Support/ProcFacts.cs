using System.Globalization;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>What /proc says of a process, read independently of the code under test.</summary>
internal static class ProcFacts
{
    public static bool Exists(int pid) => Directory.Exists($"/proc/{pid}");

    /// <summary>A value of /proc/PID/status by its name.</summary>
    public static string Status(int pid, string name)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith(name + ":", StringComparison.Ordinal));
        return line[(name.Length + 1)..].Trim();
    }

    /// <summary>The most memory that a process had at once, VmHWM of /proc/PID/status; null where it has given its memory up.</summary>
    public static long? PeakBytes(int pid)
    {
        try
        {
            return File.ReadLines($"/proc/{pid}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)) is { } line
                ? long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) << 10
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The tracer's PID, over all threads; 0 where nobody traces. Threads may die while we look.</summary>
    public static int Tracer(int pid)
    {
        var tracer = int.Parse(Status(pid, "TracerPid"), CultureInfo.InvariantCulture);
        foreach (var thread in Threads(pid))
        {
            try
            {
                tracer = Math.Max(tracer, int.Parse(Status(thread, "TracerPid"), CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                // Gone: nobody traces it.
            }
        }

        return tracer;
    }

    /// <summary>False for a process that has given up its memory: a zombie, or about to be one.</summary>
    public static bool HasMemory(int pid) =>
        !File.ReadAllText($"/proc/{pid}/statm").StartsWith("0 ", StringComparison.Ordinal);

    public static IReadOnlyList<int> Threads(int pid) => Numbers($"/proc/{pid}/task");

    /// <summary>Open descriptors and what they are.</summary>
    public static IReadOnlyList<string> Descriptors(int pid) =>
        [.. Numbers($"/proc/{pid}/fd").Select(fd => $"{fd} {new FileInfo($"/proc/{pid}/fd/{fd}").LinkTarget}")];

    /// <summary>Address ranges, protections and names of all mappings.</summary>
    public static IReadOnlyList<string> Maps(int pid) => File.ReadAllLines($"/proc/{pid}/maps");

    /// <summary>Start time in clock ticks since boot, field 22 of /proc/PID/stat.</summary>
    public static ulong StartTicks(int pid) => ulong.Parse(StatField(pid, 22), CultureInfo.InvariantCulture);

    /// <summary>A field of /proc/PID/stat, counted from 1; only those after the name, which may hold spaces.</summary>
    public static string StatField(int pid, int field)
    {
        var text = File.ReadAllText($"/proc/{pid}/stat");
        return text[(text.LastIndexOf(')') + 2)..].Split(' ')[field - 3];
    }

    /// <summary>True where one of its threads has a child.</summary>
    public static bool HasChildren(int pid)
    {
        try
        {
            return Threads(pid).Any(thread => File.ReadAllText($"/proc/{pid}/task/{thread}/children").Length > 0);
        }
        catch (IOException)
        {
            return false; // it, or one of its threads, is gone
        }
    }

    /// <summary>Children, their children and so on, zombies too.</summary>
    public static IReadOnlyList<int> Descendants(int pid)
    {
        var parents = All().Select(process => (Pid: process, Parent: TryParent(process))).ToLookup(entry => entry.Parent, entry => entry.Pid);
        var found = new List<int>(parents[pid]);
        for (var index = 0; index < found.Count; index++)
        {
            found.AddRange(parents[found[index]]);
        }

        return found;
    }

    private static int TryParent(int pid)
    {
        try
        {
            return int.Parse(StatField(pid, 4), CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>True for a thread of the kernel: PF_KTHREAD in the flags.</summary>
    public static bool IsKernelThread(int pid) =>
        (uint.Parse(StatField(pid, 9), CultureInfo.InvariantCulture) & 0x0020_0000) != 0;

    /// <summary>All processes.</summary>
    public static IReadOnlyList<int> All() => Numbers("/proc");

    /// <summary>True where the environment of the process has the entry; false also where it is gone.</summary>
    public static bool HasEnvironment(int pid, string entry)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/environ").Split('\0').Contains(entry);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static List<int> Numbers(string directory)
    {
        var numbers = new List<int>();
        foreach (var path in Directory.EnumerateFileSystemEntries(directory))
        {
            if (int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                numbers.Add(number);
            }
        }

        numbers.Sort();
        return numbers;
    }
}
