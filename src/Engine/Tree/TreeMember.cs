namespace Checkpointer.Engine.Tree;

/// <summary>What of a process says where in the tree it stands.</summary>
/// <param name="Pid">Process ID.</param>
/// <param name="ParentPid">Parent; of the root: whoever it is.</param>
/// <param name="Session">Session.</param>
/// <param name="Group">Process group.</param>
/// <param name="ExitSignal">Signal that its parent gets at its end; 0 for none.</param>
/// <param name="IsZombie">It has ended.</param>
/// <param name="Files">The first process with which it shares its descriptor table; 0 where it shares it with none.</param>
/// <param name="FileSystem">The first process with which it shares root and working directory; 0 where it shares them with none.</param>
internal sealed record TreeMember(int Pid, int ParentPid, int Session, int Group, int ExitSignal, bool IsZombie, int Files, int FileSystem)
{
    /// <summary>True for the leader of a session.</summary>
    public bool LeadsSession => Session == Pid;

    /// <summary>The members with the session and group of the root as they are after a restore, where the root leads its own: a foreign session or group
    /// cannot be entered from outside, and whoever shared it with the root shares the new one.</summary>
    public static IReadOnlyList<TreeMember> UnderOwnRoot(IReadOnlyList<TreeMember> members)
    {
        var root = members[0];
        return
        [
            .. members.Select(member => member with
            {
                Session = member.Session == root.Session ? root.Pid : member.Session,
                Group = member.Group == root.Group ? root.Pid : member.Group,
            }),
        ];
    }
}
