using Checkpointer.Engine.Tree;
using Xunit;

namespace Checkpointer.Engine.Tests.Tree;

/// <summary>Orders of births. Whatever a job can have come to, there is one; the planner looks itself whether its steps lead to the tree.</summary>
[Trait("kind", "unit")]
public sealed class TreePlanTests
{
    private const int SigChld = 17;
    private const int SigUsr1 = 10;

    [Fact]
    public void Plan_OfTreesThatCameAboutAtRandom_LeadsToThem()
    {
        for (var seed = 1; seed <= 2000; seed++)
        {
            var model = new KernelModel(seed);
            model.Grow(10 + (seed % 90));

            var plan = TreePlan.Of(model.Members());

            Assert.True(plan.Problem is null, $"seed {seed}: {plan.Problem}\n{string.Join('\n', model.Members())}");
        }
    }

    [Fact]
    public void Plan_OfForestsThatCameAboutAtRandom_LeadsToThem()
    {
        var refused = 0;
        for (var seed = 1; seed <= 2000; seed++)
        {
            var model = new KernelModel(seed);
            model.Grow(10 + (seed % 90));
            var forest = model.WithoutRoot();

            var problem = forest.Count == 0 ? null : TreePlan.Of(forest).Problem;

            // A session from outside below several leaders of others: nobody of the job leads to both.
            Assert.True(problem is null || ReachesBelowTwoLeaders(forest), $"seed {seed}: {problem}\n{string.Join('\n', forest)}");
            refused += problem is null ? 0 : 1;
        }

        Assert.InRange(refused, 0, 20);
    }

    private static bool ReachesBelowTwoLeaders(IReadOnlyList<TreeMember> forest)
    {
        var byPid = forest.ToDictionary(member => member.Pid);
        return forest.Where(member => !byPid.ContainsKey(member.Session)).ToLookup(member => member.Session)
            .Any(session => session.Select(member => byPid.GetValueOrDefault(member.ParentPid)).OfType<TreeMember>().Where(parent => parent.LeadsSession).Distinct().Count() > 1);
    }

    [Fact]
    public void Plan_OfTreesBesideEachOther_MakesSiblings()
    {
        var plan = Plan(Process(10, 1, 10, 10), Process(20, TreeMember.Outside, 7, 8), Process(21, 20, 7, 8), Process(30, TreeMember.Outside, 10, 30));

        Assert.Equal(
            [
                new MakeStep(10, 20, true, SigChld, false, false), new MakeStep(10, 30, true, SigChld, false, false), new LeadSessionStep(20),
                new MakeStep(20, 21, false, SigChld, false, false), new EnterGroupStep(30, 30),
            ],
            plan.Steps);
    }

    [Fact]
    public void Plan_OfALoneProcess_HasNoStep()
    {
        Assert.Empty(Plan(Process(10, 1, 10, 10)).Steps);
    }

    [Fact]
    public void Plan_OfARootInAForeignSession_TakesItsFellowsAlong()
    {
        var plan = Plan(Process(10, 1, 3, 4), Process(11, 10, 3, 4), Process(12, 10, 3, 12));

        Assert.Equal(
            [new MakeStep(10, 11, false, SigChld, false, false), new MakeStep(10, 12, false, SigChld, false, false), new EnterGroupStep(12, 12)], plan.Steps);
    }

    [Fact]
    public void Plan_OfAChildOfAnEarlierSession_MakesItBeforeSetsid()
    {
        var plan = Plan(Process(10, 1, 10, 10), Process(11, 10, 11, 11), Process(12, 11, 10, 10));

        Assert.Equal(
            [new MakeStep(10, 11, false, SigChld, false, false), new MakeStep(11, 12, false, SigChld, false, false), new LeadSessionStep(11)], plan.Steps);
    }

    [Fact]
    public void Plan_OfASessionWithoutLeader_LetsAHelperStandIn()
    {
        var plan = Plan(Process(10, 1, 10, 10), Process(12, 10, 11, 11));

        Assert.Equal([11], plan.Helpers);
        Assert.Equal(
            [
                new MakeStep(10, 11, false, SigChld, false, false), new LeadSessionStep(11), new MakeStep(11, 12, true, SigChld, false, false),
                new EndHelperStep(11, 10, 0),
            ],
            plan.Steps);
    }

    [Fact]
    public void Plan_OfAnOrphanOfALiveSession_LetsTheSubreaperInherit()
    {
        var plan = Plan(Process(10, 1, 10, 10), Process(11, 10, 10, 10), Process(12, 11, 12, 12), Process(13, 10, 12, 12));

        Assert.Contains(new MakeStep(12, -1, false, SigChld, false, false), plan.Steps);
        Assert.Contains(new EndHelperStep(-1, 12, 10), plan.Steps);
        Assert.Empty(plan.Helpers);
    }

    [Fact]
    public void Plan_OfSharedDescriptors_MakesFromOneWhoHasThem()
    {
        var plan = Plan(Process(10, 1, 10, 10) with { Files = 0 }, Process(11, 10, 10, 10) with { Files = 11 }, Process(12, 10, 10, 10) with { Files = 11 });

        Assert.Equal([new MakeStep(10, 11, false, SigChld, false, false), new MakeStep(11, 12, true, SigChld, true, false)], plan.Steps);
    }

    [Fact]
    public void Plan_OfWhatCannotHaveComeAbout_NamesTheProcess()
    {
        var sharing = TreePlan.Of([Process(10, 1, 10, 10), Process(11, 10, 10, 10) with { Files = 11 }, Process(12, 10, 10, 10) with { Files = 11, ExitSignal = SigUsr1 }]);
        var session = TreePlan.Of([Process(10, 1, 10, 10), Process(11, 10, 11, 11), Process(12, 10, 10, 10), Process(13, 12, 11, 11)]);

        Assert.Equal((12, 13), (sharing.Culprit, session.Culprit));
        Assert.Contains("12", sharing.Problem, StringComparison.Ordinal);
        Assert.Contains("13", session.Problem, StringComparison.Ordinal);
    }

    private static TreePlan Plan(params TreeMember[] members)
    {
        var plan = TreePlan.Of(members);
        Assert.Null(plan.Problem);
        return plan;
    }

    private static TreeMember Process(int pid, int parent, int session, int group) =>
        new(pid, parent, session, group, SigChld, IsZombie: false, Files: 0, FileSystem: 0);
}
