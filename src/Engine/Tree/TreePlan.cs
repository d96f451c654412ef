namespace Checkpointer.Engine.Tree;

/// <summary>How a tree is made: the steps in an order that leads to it, or why there is none.</summary>
/// <param name="Members">The processes as they will be: sessions and groups from outside are the job's own.</param>
/// <param name="Steps">All after the making of the root, which leads a session of its own.</param>
/// <param name="Problem">A sentence; null where the steps lead to the tree.</param>
/// <param name="Culprit">Process that cannot be made; 0 where all can.</param>
internal sealed record TreePlan(IReadOnlyList<TreeMember> Members, IReadOnlyList<TreeStep> Steps, string? Problem, int Culprit)
{
    /// <summary>IDs of leaders of sessions and groups that have ended, and are made for the time of the building.</summary>
    public IReadOnlyList<int> Helpers => [.. Steps.OfType<EndHelperStep>().Select(step => step.Pid).Where(pid => pid > 0)];

    /// <summary>Plans a tree.</summary>
    /// <param name="members">The root first, parents before children.</param>
    public static TreePlan Of(IReadOnlyList<TreeMember> members)
    {
        var plan = Try(TreeMember.UnderOwnRoot(members, headsLead: true));
        if (plan.Problem is null || members.All(member => member.ParentPid != TreeMember.Outside))
        {
            return plan;
        }

        // A session without a leader may reach into several trees; none of them can lead it then, but a helper can.
        var other = Try(TreeMember.UnderOwnRoot(members, headsLead: false));
        return other.Problem is null ? other : plan;
    }

    private static TreePlan Try(IReadOnlyList<TreeMember> members)
    {
        var draft = new TreeDraft(members[0]);
        var (problem, culprit) = new TreePlanner(members, draft).Run() is { } found ? found : (null, 0);
        return new TreePlan(members, draft.Steps, problem, culprit);
    }
}
