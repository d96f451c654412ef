using System.Runtime.InteropServices;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>Notes which cgroups the tasks of a job are in, and what is set there.</summary>
internal sealed class CgroupCollector
{
    // What is set by hand or by a service manager. All others are statistics, or follow from these.
    private static readonly string[] _properties =
    [
        "cgroup.type", "cpu.max", "cpu.weight", "cpuset.cpus", "cpuset.mems", "io.max", "io.weight", "memory.high", "memory.low", "memory.max", "memory.min",
        "memory.oom.group", "memory.swap.max", "pids.max",
        "blkio.weight", "cpu.cfs_period_us", "cpu.cfs_quota_us", "cpu.shares", "memory.limit_in_bytes", "memory.soft_limit_in_bytes", "memory.swappiness",
        "net_cls.classid", "net_prio.ifpriomap", "notify_on_release",
    ];

    private readonly List<CgroupSet> _sets = [];
    private readonly Lazy<CgroupMounts> _mounts = new(() => new CgroupMounts());

    /// <summary>The sets found so far.</summary>
    public IReadOnlyList<CgroupSet> Sets => _sets;

    /// <summary>Notes those of a process and of its threads.</summary>
    public void Collect(ProcessId process, Process image)
    {
        if (ProcFs.TryCgroups(process) is not { Count: > 0 } memberships)
        {
            return;
        }

        image.CgroupSet = IndexOf(memberships);
        // In cgroup v2 only threads below a "domain threaded" cgroup can be apart, in v1 all can.
        if (image.Threads.Count > 1 && memberships.Any(membership => !membership.IsUnified || IsThreaded(membership)))
        {
            foreach (var thread in image.Threads)
            {
                var set = ProcFs.TryCgroups(process, new ThreadId(thread.Tid)) is { } own ? IndexOf(own) : image.CgroupSet;
                thread.CgroupSet = set == image.CgroupSet ? 0 : set;
            }
        }
    }

    /// <summary>What is set in the cgroups found. Slow; no part of the job's state, so it need not be frozen.</summary>
    public IEnumerable<CgroupDirectory> Directories()
    {
        foreach (var cgroup in _sets.SelectMany(set => set.Cgroups).Distinct())
        {
            if (_mounts.Value.DirectoryOf(cgroup.Controllers, cgroup.Path.ToStringUtf8()) is { } directory)
            {
                var image = new CgroupDirectory { Cgroup = cgroup };
                image.Properties.AddRange(_properties.Select(name => (Name: name, Value: CgroupFile.TryRead(directory, name))).Where(property => property.Value is not null)
                    .Select(property => new CgroupProperty { Name = property.Name, Value = ByteString.CopyFromUtf8(property.Value) }));
                yield return image;
            }
        }
    }

    private bool IsThreaded(CgroupMembership membership) =>
        _mounts.Value.DirectoryOf(membership.Controllers, membership.Path) is { } directory
        && CgroupFile.TryRead(directory, "cgroup.type")?.Contains("threaded", StringComparison.Ordinal) == true;

    private uint IndexOf(IReadOnlyList<CgroupMembership> memberships)
    {
        var set = new CgroupSet();
        set.Cgroups.AddRange(memberships.Select(membership => new Cgroup { Controllers = membership.Controllers, Path = ByteString.CopyFromUtf8(membership.Path) }));
        var index = CollectionsMarshal.AsSpan(_sets).IndexOf(set);
        if (index < 0)
        {
            index = _sets.Count;
            _sets.Add(set);
        }

        return (uint)index + 1;
    }
}
