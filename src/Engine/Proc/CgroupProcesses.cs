using System.Globalization;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Proc;

/// <summary>Reads which processes are in a cgroup (man 7 cgroups, cgroup.procs).</summary>
internal static class CgroupProcesses
{
    /// <summary>File that every cgroup has, but not a directory of other kind.</summary>
    public const string File = "cgroup.procs";

    /// <summary>The processes of a cgroup and of all below it; none where it is not there. Zombies are not among them.</summary>
    /// <exception cref="EngineException">NotAJob: some are not of our PID namespace.</exception>
    public static IReadOnlyList<ProcessId> Of(string directory)
    {
        var found = new HashSet<ProcessId>();
        foreach (var cgroup in Below(directory))
        {
            found.UnionWith(Lines(cgroup).Select(line => int.Parse(line, CultureInfo.InvariantCulture)).Select(pid => new ProcessId(pid)));
        }

        // The kernel shows those of another PID namespace as 0.
        return found.All(process => process.Value > 0)
            ? [.. found]
            : throw new EngineException(
                EngineFailure.NotAJob, $"The cgroup {directory} has processes that cannot be seen from here.", "run checkpointer in the PID namespace that they are in");
    }

    private static IEnumerable<string> Below(string directory)
    {
        var found = new Queue<string>([directory]);
        while (found.TryDequeue(out var cgroup))
        {
            yield return cgroup;
            foreach (var child in Children(cgroup))
            {
                found.Enqueue(child);
            }
        }
    }

    private static string[] Children(string cgroup)
    {
        try
        {
            return Directory.GetDirectories(cgroup);
        }
        catch (DirectoryNotFoundException)
        {
            // Removed just now, and empty therefore.
            return [];
        }
    }

    private static string[] Lines(string cgroup)
    {
        try
        {
            return System.IO.File.ReadAllLines(Path.Combine(cgroup, File));
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (IOException failure) when (IsOf(failure, Interop.Errno.ENODEV) || IsOf(failure, Interop.Errno.EOPNOTSUPP))
        {
            // ENODEV: removed just now. EOPNOTSUPP: a threaded cgroup; its processes are shown by the one above.
            return [];
        }
    }

    private static bool IsOf(IOException failure, Interop.Errno errno) => failure.HResult == (int)errno;
}
