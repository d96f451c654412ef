using System.Globalization;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Proc;

/// <summary>Memory limits of a process's cgroups, v1 and v2, from its own up to the root.</summary>
internal static class CgroupMemory
{
    /// <summary>Bytes that the process may still allocate before the tightest limit, page cache counted as free; null without a limit.</summary>
    public static long? RoomOf(ProcessId process)
    {
        var memberships = ProcFs.TryCgroups(process) ?? [];
        var mounts = new CgroupMounts();
        long? room = null;
        foreach (var membership in memberships)
        {
            var controllers = membership.Controllers.Split(',');
            if (membership.IsUnified || controllers.Contains("memory"))
            {
                room = Least(room, RoomUpward(mounts, membership));
            }
        }

        return room;
    }

    private static long? RoomUpward(CgroupMounts mounts, CgroupMembership membership)
    {
        long? room = null;
        for (var path = membership.Path; path.StartsWith('/') && mounts.DirectoryOf(membership.Controllers, path) is { } directory; path = path[..path.LastIndexOf('/')])
        {
            room = Least(room, RoomIn(directory, membership.IsUnified));
        }

        return room;
    }

    private static long? RoomIn(string directory, bool isUnified)
    {
        var limit = Number(directory, isUnified ? "memory.max" : "memory.limit_in_bytes");
        var used = Number(directory, isUnified ? "memory.current" : "memory.usage_in_bytes");
        return limit is null || used is null ? null : limit - used + (PageCache(directory, isUnified) ?? 0);
    }

    private static long? PageCache(string directory, bool isUnified)
    {
        var key = isUnified ? "file " : "total_cache ";
        var line = CgroupFile.TryRead(directory, "memory.stat")?.Split('\n').FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal));
        return line is null ? null : long.Parse(line[key.Length..], CultureInfo.InvariantCulture);
    }

    /// <summary>A number, or null where the file is missing or says <c>max</c>; v1 says so by a number near 2^63.</summary>
    private static long? Number(string directory, string name)
    {
        const long UnlimitedFrom = 1L << 62;
        return long.TryParse(CgroupFile.TryRead(directory, name)?.TrimEnd(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < UnlimitedFrom ? number : null;
    }

    private static long? Least(long? left, long? right) => left is null || right < left ? right : left;
}
