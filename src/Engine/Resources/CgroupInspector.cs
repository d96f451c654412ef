using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Refuses jobs whose cgroup is frozen: a thread in one stops for us, but makes no system call that we ask it for. Touches nothing.</summary>
internal static class CgroupInspector
{
    /// <summary>Inspects all processes of a job, each cgroup once.</summary>
    public static void Inspect(IEnumerable<ProcessId> processes, FindingList findings)
    {
        var mounts = new CgroupMounts();
        var seen = new HashSet<(string Controllers, string Path)>();
        foreach (var process in processes)
        {
            foreach (var cgroup in (ProcFs.TryCgroups(process) ?? []).Where(cgroup => seen.Add((cgroup.Controllers, cgroup.Path))))
            {
                if (mounts.DirectoryOf(cgroup.Controllers, cgroup.Path) is { } directory && CgroupFreezer.Of(directory) is { IsFrozen: true } freezer)
                {
                    findings.Refuse(
                        process, "cgroup", $"The cgroup {cgroup.Path} of process {process} is frozen; thaw it first: `echo {freezer.Thawed} > {freezer.File}`.");
                }
            }
        }
    }
}
