using Checkpointer.Engine.Interop;
using static Checkpointer.Engine.Tree.TreeDraft;

namespace Checkpointer.Engine.Tree;

/// <summary>
/// Finds an order of births in which every process gets its parent, session, group and sharing.
/// </summary>
/// <remarks>
/// A process can enter a session only at its birth, from its maker, and share a descriptor table only with its maker. So each is made by its parent while that is in
/// the right session; else by a sibling that is (CLONE_PARENT); else by a helper below its parent, which ends, so that the parent inherits the child as its
/// subreaper. A leader calls setsid when the children that need its birth session are there. Where the leader of a session or group has ended, a helper with its ID stands in
/// until all have entered.
/// </remarks>
internal sealed class TreePlanner(IReadOnlyList<TreeMember> members, TreeDraft draft)
{
    private readonly BirthSessions _born = new(members);
    private readonly List<TreeMember> _pending = [.. members.Skip(1)];

    /// <summary>Takes all steps, or tells which process cannot be made.</summary>
    public (string Problem, int Culprit)? Run()
    {
        while (_pending.Count > 0)
        {
            if (_pending.RemoveAll(TryMake) == 0 && !TryLeadSession() && !TryStandIn())
            {
                return Explain(_pending[0]);
            }
        }

        while (TryLeadSession())
        {
        }

        // Twice: a leader may have left its own group to the others, and is to make it first.
        foreach (var member in members.Concat(members).Where(member => !TryEnterGroup(draft.Find(member.Pid)!)))
        {
            return ($"Process {member.Pid} is in process group {member.Group}, which is of another session than its own ({member.Session}); that is not carried.", member.Pid);
        }

        foreach (var helper in draft.Made.Where(process => process.IsHelper).Reverse().ToList())
        {
            draft.EndHelper(helper, heir: null);
        }

        foreach (var member in members.Where(member => member.IsZombie))
        {
            draft.EndZombie(draft.Find(member.Pid)!);
        }

        return members.FirstOrDefault(member => !IsRight(draft.Find(member.Pid)!)) is { } wrong ? Explain(wrong) : null;
    }

    private bool IsRight(Standing process)
    {
        var member = process.Member;
        return process.Session == member.Session && process.Group == member.Group && (member == draft.Root || process.Parent?.Pid == member.ParentPid);
    }

    private bool TryMake(TreeMember member)
    {
        if (draft.Find(member.ParentPid) is not { } parent)
        {
            return false;
        }

        if (parent != draft.Outside && CanMake(parent, member))
        {
            draft.Make(parent, member);
            return true;
        }

        if (draft.Made.FirstOrDefault(process => process.Parent == parent && process.Member.ExitSignal == member.ExitSignal && CanMake(process, member)) is { } sibling)
        {
            draft.Make(sibling, member, isSibling: true);
            return true;
        }

        return TryMakeBelow(parent, member);
    }

    private bool CanMake(Standing maker, TreeMember member) =>
        (_born.Of(member) is not { } session || maker.Session == session)
        && CanShare(member.Files, maker.Member.Files, process => process.Files)
        && CanShare(member.FileSystem, maker.Member.FileSystem, process => process.FileSystem);

    /// <summary>The first that bears a share of something has it by itself; all others have it from one that has it.</summary>
    private bool CanShare(int shared, int makers, Func<TreeMember, int> share) =>
        shared == 0 || shared == makers || !draft.Made.Any(process => share(process.Member) == shared);

    /// <summary>By a helper that a process of the right session makes. A child that is inherited has the exit signal SIGCHLD.</summary>
    private bool TryMakeBelow(Standing parent, TreeMember member)
    {
        if (member.ExitSignal != Signal.SIGCHLD || _born.Of(member) is not { } session || !CanShare(member.Files, 0, process => process.Files)
            || !CanShare(member.FileSystem, 0, process => process.FileSystem)
            || draft.Made.FirstOrDefault(process => process.Session == session && IsAbove(parent, process)) is not { } maker)
        {
            return false;
        }

        var helper = draft.MakeHelper(maker);
        draft.Make(helper, member);
        draft.EndHelper(helper, parent);
        return true;
    }

    private bool TryLeadSession()
    {
        var ready = draft.Made.FirstOrDefault(process =>
            process.Member.LeadsSession && process.Session != process.Pid
            && !_pending.Any(child => child.ParentPid == process.Pid && _born.Of(child) == process.Session));
        if (ready is null)
        {
            return false;
        }

        draft.LeadSession(ready);
        return true;
    }

    /// <summary>Has a helper lead a session whose leader has ended, below the lowest of those who get a child out of it.</summary>
    private bool TryStandIn()
    {
        foreach (var session in _pending.Select(_born.Of).OfType<int>().Distinct().Where(IsWithoutLeader))
        {
            var parents = _pending.Where(member => _born.Of(member) == session).Select(member => member.ParentPid).ToHashSet();
            var heirs = members.Where(parent => parents.Contains(parent.Pid) && parent.Session != session && _born.Of(parent) != session).ToList();
            if (heirs.Count == 0 && parents.Contains(TreeMember.Outside))
            {
                draft.LeadSession(draft.MakeHelper(draft.Find(draft.Root.Pid)!, session, isSibling: true));
                return true;
            }

            if (heirs.FirstOrDefault(heir => heirs.All(other => other == heir || _born.IsAbove(other, heir))) is { } lowest
                && draft.Find(lowest.Pid) is { } parent)
            {
                draft.LeadSession(draft.MakeHelper(parent, session));
                return true;
            }
        }

        return false;
    }

    private bool IsWithoutLeader(int session) => draft.Find(session) is null && !members.Any(member => member.Pid == session);

    private bool TryEnterGroup(Standing process)
    {
        var group = process.Member.Group;
        if (process.Group == group)
        {
            return true;
        }

        if (process.Member.LeadsSession)
        {
            return false;
        }

        var leader = draft.Find(group) ?? draft.MakeHelper(process, group);
        if (leader.Group != group)
        {
            draft.EnterGroup(leader, group);
        }

        if (leader != process)
        {
            draft.EnterGroup(process, group);
        }

        return leader.Session == process.Session;
    }

    private (string Problem, int Culprit) Explain(TreeMember member)
    {
        if (member.Files != 0 || member.FileSystem != 0)
        {
            var other = member.Files != 0 ? member.Files : member.FileSystem;
            var what = member.Files != 0 ? "descriptor table" : "working directory";
            return ($"Process {member.Pid} shares its {what} with process {other} in a way in which it cannot be made again; that is not carried.", member.Pid);
        }

        if (members.FirstOrDefault(candidate => candidate.Pid == member.ParentPid) is not { } parent)
        {
            return ($"Process {member.Pid} is in session {member.Session} and its parent outside of the job, which no order of births leads to; that is not carried.", member.Pid);
        }

        return ($"Process {member.Pid} is in session {member.Session} and its parent {parent.Pid} in {parent.Session}, which no order of births leads to; that is not carried.", member.Pid);
    }
}
