namespace Checkpointer.Engine.Tree;

/// <summary>
/// The session that each process has to be born in. One that leads none is born in its own. A leader was born in some other before it called setsid, and
/// which one shows in the children that it had before: nothing else tells how they came into that session.
/// </summary>
internal sealed class BirthSessions
{
    private readonly Dictionary<int, TreeMember> _byPid;
    private readonly Dictionary<int, int?> _born = [];
    private readonly IReadOnlyList<TreeMember> _members;

    /// <summary>Finds them all.</summary>
    /// <param name="members">The root first, parents before children.</param>
    public BirthSessions(IReadOnlyList<TreeMember> members)
    {
        _members = members;
        _byPid = members.ToDictionary(member => member.Pid);
        var children = members.Skip(1).ToLookup(member => member.ParentPid);
        foreach (var member in members.Reverse())
        {
            _born[member.Pid] = member.LeadsSession ? OfLeader(member, children[member.Pid]) : member.Session;
        }
    }

    /// <summary>The session that a process is born in; null where any will do.</summary>
    public int? Of(TreeMember member) => _born[member.Pid];

    /// <summary>True where <paramref name="ancestor"/> is above the process in the finished tree.</summary>
    public bool IsAbove(TreeMember ancestor, TreeMember process)
    {
        for (var at = process; at != _members[0] && _byPid.TryGetValue(at.ParentPid, out var parent); at = parent)
        {
            if (parent == ancestor)
            {
                return true;
            }
        }

        return false;
    }

    private int? OfLeader(TreeMember leader, IEnumerable<TreeMember> children) =>
        children.Select(child => _born[child.Pid]).FirstOrDefault(session => session is { } number && number != leader.Pid && !IsMadeBelow(number, leader));

    /// <summary>True for a session whose leader stands below <paramref name="process"/>, or has ended and can be put there: its members come to the process when a
    /// helper ends. What has its parent outside goes there from anywhere, and its children with it.</summary>
    private bool IsMadeBelow(int session, TreeMember process)
    {
        return _byPid.TryGetValue(session, out var leader)
            ? IsAbove(process, leader)
            : _members.Where(member => member.Session == session).All(member => IsAbove(process, member) || FirstInSession(member).ParentPid == TreeMember.Outside);
    }

    /// <summary>The highest process above this one with only processes of its session between them.</summary>
    private TreeMember FirstInSession(TreeMember member)
    {
        while (member != _members[0] && _byPid.TryGetValue(member.ParentPid, out var parent) && parent.Session == member.Session)
        {
            member = parent;
        }

        return member;
    }
}
