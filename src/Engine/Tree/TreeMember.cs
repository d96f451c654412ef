namespace Checkpointer.Engine.Tree;

/// <summary>What of a process says where in the tree it stands.</summary>
/// <param name="Pid">Process ID.</param>
/// <param name="ParentPid">Parent; of the root: whoever it is; of further ones whose parent is not of the job: <see cref="Outside"/>.</param>
/// <param name="Session">Session.</param>
/// <param name="Group">Process group.</param>
/// <param name="ExitSignal">Signal that its parent gets at its end; 0 for none.</param>
/// <param name="IsZombie">It has ended.</param>
/// <param name="Files">The first process with which it shares its descriptor table; 0 where it shares it with none.</param>
/// <param name="FileSystem">The first process with which it shares root and working directory; 0 where it shares them with none.</param>
internal sealed record TreeMember(int Pid, int ParentPid, int Session, int Group, int ExitSignal, bool IsZombie, int Files, int FileSystem)
{
    /// <summary>Stands for the parent of all processes whose parent is not of the job.</summary>
    public const int Outside = int.MinValue;

    /// <summary>True for the leader of a session.</summary>
    public bool LeadsSession => Session == Pid;

    /// <summary>
    /// The members with the sessions and groups that they have after a restore. Those that came from outside cannot be entered again: the root leads its own, and
    /// whoever shared one with it shares the new one.
    /// </summary>
    /// <param name="members">The root first, parents before children.</param>
    /// <param name="headsLead">So does each further process whose parent is outside, where the leader of its session or group is not of the job.</param>
    public static IReadOnlyList<TreeMember> UnderOwnRoot(IReadOnlyList<TreeMember> members, bool headsLead)
    {
        var root = members[0];
        var pids = members.Select(member => member.Pid).ToHashSet();
        var sessions = new Dictionary<int, int>();
        var groups = new Dictionary<int, int>();
        foreach (var head in members.Where(member => member == root || (headsLead && member.ParentPid == Outside)))
        {
            var leads = (head == root || !pids.Contains(head.Session)) && sessions.TryAdd(head.Session, head.Pid);
            if (leads || !pids.Contains(head.Group))
            {
                _ = groups.TryAdd(head.Group, head.Pid);
            }
        }

        return
        [
            .. members.Select(member => member with
            {
                Session = sessions.GetValueOrDefault(member.Session, member.Session),
                Group = groups.GetValueOrDefault(member.Group, member.Group),
                ExitSignal = member.ParentPid == Outside ? root.ExitSignal : member.ExitSignal,
            }),
        ];
    }
}
