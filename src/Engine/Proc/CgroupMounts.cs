using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Proc;

/// <summary>Where the hierarchies of cgroups are mounted (man 7 cgroups).</summary>
internal sealed class CgroupMounts
{
    private readonly IReadOnlyList<Mount> _mounts = ProcFs.TryMounts(new ProcessId(Environment.ProcessId)) ?? [];

    /// <summary>Directory of a cgroup; null where its hierarchy is not mounted, or the cgroup lies outside of what is mounted.</summary>
    /// <param name="controllers">As in <see cref="CgroupMembership"/>.</param>
    /// <param name="path">Path in the hierarchy.</param>
    public string? DirectoryOf(string controllers, string path) => _mounts
        .Where(mount => IsOf(mount, controllers))
        .Select(mount => Below(mount, path))
        .FirstOrDefault(directory => directory is not null);

    private static bool IsOf(Mount mount, string controllers) => controllers.Length == 0
        ? mount.FileSystemType == "cgroup2"
        : mount.FileSystemType == "cgroup" && !controllers.Split(',').Except(mount.SuperOptions.Split(',')).Any();

    private static string? Below(Mount mount, string path)
    {
        if (path == "/.." || path.StartsWith("/../", StringComparison.Ordinal))
        {
            return null;
        }

        var root = mount.Root == "/" ? string.Empty : mount.Root;
        return path == root || path.StartsWith(root + "/", StringComparison.Ordinal) ? (mount.MountPoint + path[root.Length..]).TrimEnd('/') : null;
    }
}
