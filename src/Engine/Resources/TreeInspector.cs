using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Checkpointer.Engine.Tree;

namespace Checkpointer.Engine.Resources;

/// <summary>Refuses trees that no order of births leads to, as far as /proc and kcmp(2) tell. Touches nothing.</summary>
internal static class TreeInspector
{
    /// <summary>Inspects a whole tree.</summary>
    /// <param name="live">Its processes, the root first, parents before children.</param>
    /// <param name="tree">What was found.</param>
    /// <param name="sharing">What the processes share.</param>
    /// <param name="findings">Told what is refused.</param>
    public static void Inspect(IReadOnlyList<ProcStat> live, ProcessTree tree, ProcessSharing sharing, FindingList findings)
    {
        if (live.Count == 1 && tree.Zombies.Count == 0)
        {
            return;
        }

        RefuseSharedMemory(live, sharing, findings);
        var members = MembersOf(live, tree, sharing);
        var plan = TreePlan.Of(members);
        if (plan.Problem is { } problem && IsAsItWas(live))
        {
            findings.Refuse(new ProcessId(plan.Culprit), "tree", problem);
        }

        foreach (var leader in plan.Helpers)
        {
            RefuseLiveLeader(leader, plan.Members, findings);
        }
    }

    private static List<TreeMember> MembersOf(IReadOnlyList<ProcStat> live, ProcessTree tree, ProcessSharing sharing)
    {
        var members = new List<TreeMember>();
        var known = new HashSet<int>();
        foreach (var stat in live.Concat(tree.Zombies.Select(ProcFs.TryStat).OfType<ProcStat>()))
        {
            // One whose parent has just ended is looked at again in the freeze.
            if (members.Count == 0 || known.Contains(stat.ParentPid) || tree.IsForest)
            {
                members.Add(new TreeMember(
                    stat.Pid, members.Count == 0 || known.Contains(stat.ParentPid) ? stat.ParentPid : TreeMember.Outside, stat.Session, stat.ProcessGroup, stat.ExitSignal, stat.IsDead, sharing.Files(stat.Pid), sharing.FileSystem(stat.Pid)));
                _ = known.Add(stat.Pid);
            }
        }

        return members;
    }

    private static void RefuseSharedMemory(IReadOnlyList<ProcStat> live, ProcessSharing sharing, FindingList findings)
    {
        foreach (var stat in live)
        {
            // The child of a vfork borrows its parent's memory until it calls exec, which it does at once; the freeze waits for that.
            if (sharing.Memory(stat.Pid) is var other && other != 0 && other != stat.Pid && !IsInVfork(stat.ParentPid) && StillShares(stat.Pid, other))
            {
                findings.Refuse(new ProcessId(stat.Pid), "sharing", $"Process {stat.Pid} shares its memory with process {other}; that is not carried.");
            }
        }
    }

    /// <summary>False where the tree has changed since it was looked at: only in preflight. It is looked at again in the freeze.</summary>
    private static bool IsAsItWas(IReadOnlyList<ProcStat> live) => live.All(stat =>
        ProcFs.TryStat(new ProcessId(stat.Pid)) is { } now
        && (now.ParentPid, now.Session, now.ProcessGroup, now.IsDead) == (stat.ParentPid, stat.Session, stat.ProcessGroup, stat.IsDead));

    private static void RefuseLiveLeader(int leader, IReadOnlyList<TreeMember> members, FindingList findings)
    {
        if (ProcFs.TryStat(new ProcessId(leader)) is not { IsDead: false } stat)
        {
            return;
        }

        var follower = members.First(member => member.Session == leader || member.Group == leader);
        var what = follower.Session == leader ? "session" : "process group";
        findings.Refuse(
            new ProcessId(follower.Pid), "session",
            $"Process {follower.Pid} is in {what} {leader}, whose leader ({stat.Comm}) is outside of the job; that is not carried.");
    }

    /// <summary>False where the child has called exec since it was compared, and its parent therefore was found out of vfork.</summary>
    private static bool StillShares(int process, int other) => Kcmp.Compare(Interop.Task.KCMP_VM, process, other) == 0;

    private static bool IsInVfork(int parent)
    {
        var process = new ProcessId(parent);
        // The kernel function that waits for the child of a vfork: kernel_clone, _do_fork before Linux 5.10.
        return (ProcFs.TryThreads(process) ?? []).Any(thread => ProcFs.WaitChannel(process, thread) is "kernel_clone" or "_do_fork");
    }
}
