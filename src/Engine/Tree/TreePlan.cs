namespace Checkpointer.Engine.Tree;

/// <summary>How a tree is made: the steps in an order that leads to it, or why there is none.</summary>
/// <param name="Steps">All after the making of the root, which leads a session of its own.</param>
/// <param name="Problem">A sentence; null where the steps lead to the tree.</param>
/// <param name="Culprit">Process that cannot be made; 0 where all can.</param>
internal sealed record TreePlan(IReadOnlyList<TreeStep> Steps, string? Problem, int Culprit)
{
    /// <summary>IDs of leaders of sessions and groups that have ended, and are made for the time of the building.</summary>
    public IReadOnlyList<int> Helpers => [.. Steps.OfType<EndHelperStep>().Select(step => step.Pid).Where(pid => pid > 0)];

    /// <summary>Plans a tree.</summary>
    /// <param name="members">The root first, parents before children.</param>
    public static TreePlan Of(IReadOnlyList<TreeMember> members)
    {
        var own = TreeMember.UnderOwnRoot(members);
        var draft = new TreeDraft(own[0]);
        var (problem, culprit) = new TreePlanner(own, draft).Run() is { } found ? found : (null, 0);
        return new TreePlan(draft.Steps, problem, culprit);
    }
}
