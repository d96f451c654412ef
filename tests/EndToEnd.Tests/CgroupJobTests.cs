using System.Globalization;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Jobs that are what runs in a cgroup, several trees of processes.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class CgroupJobTests(ProgramFixture programs)
{
    private const string Program = "cgroup_forest";

    public static TheoryData<string> Controllers => [.. TestCgroup.Controllers];

    public static TheoryData<string> Freezers => [.. TestCgroup.Controllers.Where(controller => controller is "" or TestCgroup.Freezer)];

    [CgroupTheory]
    [MemberData(nameof(Controllers))]
    public void Dump_OfACgroup_LeavesItRight(string controller)
    {
        using var cgroup = TestCgroup.Make(controller);
        using var session = Session.StartInCgroup(programs, Program, cgroup.Path);

        session.Dump(1);
        session.Dump(2);

        session.Finish();
    }

    [CgroupTheory]
    [MemberData(nameof(Controllers))]
    public void Recover_OfACgroup_BringsAllOfItBackIntoIt(string controller)
    {
        using var cgroup = TestCgroup.Make(controller);
        using var session = Session.StartInCgroup(programs, Program, cgroup.Path);
        var before = cgroup.Processes.ToHashSet();
        session.Dump(1);
        session.Dump(2);

        KillAndRecover(null, "recover", "--latest", session.JobName);
        // It may be gone when the job is to come back, and is dumped again afterwards.
        KillAndRecover(cgroup.Remove, "restore", $"{session.JobName}/1");
        session.Dump(3);
        KillAndRecover(null, "recover", "--latest", session.JobName);

        session.Finish();

        void KillAndRecover(Action? between, params string[] command)
        {
            session.Job.Kill();
            between?.Invoke();
            var restored = session.Cli.Run(command).Expect(0);
            Assert.True(before.SetEquals(cgroup.Processes), $"{string.Join(' ', cgroup.Processes)} instead of {string.Join(' ', before)}: {restored.Output}");
            session.AssertUntraced();
        }
    }

    [CgroupTheory]
    [MemberData(nameof(Controllers))]
    public void Stop_OfACgroup_EndsAllOfIt(string controller)
    {
        using var cgroup = TestCgroup.Make(controller);
        using var session = Session.StartInCgroup(programs, Program, cgroup.Path);

        session.Cli.Run("dump", session.JobName, "--stop").Expect(0);

        Assert.Equal("gone", session.Cli.Run("jobs").Expect(0).Json.Single().GetProperty("state").GetString());
    }

    [CgroupTheory]
    [MemberData(nameof(Freezers))]
    public void Dump_OfAFrozenCgroup_IsRefusedAndLeavesItFrozen(string controller)
    {
        using var cgroup = TestCgroup.Make(controller);
        using var session = Session.StartInCgroup(programs, Program, cgroup.Path);
        cgroup.Freeze(true);

        var refused = session.Cli.Run("dump", session.JobName).Expect(5);

        Assert.Contains("is frozen; thaw it first", refused.Output, StringComparison.Ordinal);
        Assert.True(cgroup.IsFrozen);
        cgroup.Freeze(false);
        session.Cli.Run("dump", session.JobName).Expect(0);
        session.Finish();
    }

    /// <summary>The kernel would keep it frozen for ever.</summary>
    [CgroupTheory]
    [MemberData(nameof(Freezers))]
    public void Dump_KilledWhileTheCgroupIsHeld_LetsItGoOn(string controller)
    {
        const int KillsWanted = 5;
        using var cgroup = TestCgroup.Make(controller);
        using var session = Session.StartInCgroup(programs, Program, cgroup.Path);
        var killed = 0;
        for (var round = 0; killed < KillsWanted; round++)
        {
            Assert.InRange(round, 0, 20 * KillsWanted);
            var run = session.Cli.Start("dump", session.JobName);
            while (!cgroup.IsToFreeze && !run.HasEnded)
            {
                // It is held for less than any pause.
            }

            killed += cgroup.IsToFreeze && !run.HasEnded ? 1 : 0;
            run.Kill();
            Wait.Until(() => !cgroup.IsToFreeze && !cgroup.IsFrozen, Wait.Patience, () => $"round {round}: the cgroup stays frozen");
        }

        _ = session.Cli.Run("dump", session.JobName).Expect(0);
        session.Finish();
    }

    /// <summary>What was to thaw it was killed, too.</summary>
    [CgroupTheory]
    [MemberData(nameof(Freezers))]
    public void Dump_OfACgroupThatADeadDumpHolds_ThawsIt(string controller)
    {
        using var cgroup = TestCgroup.Make(controller);
        using var session = Session.StartInCgroup(programs, Program, cgroup.Path);
        cgroup.Freeze(true);
        cgroup.MarkAsHeld(Environment.ProcessId, long.Parse(ProcFacts.StatField(Environment.ProcessId, 22), CultureInfo.InvariantCulture));
        _ = session.Cli.Run("dump", session.JobName).Expect(5); // it lives

        cgroup.MarkAsHeld(Environment.ProcessId, 1);
        _ = session.Cli.Run("dump", session.JobName).Expect(0);

        Assert.False(cgroup.IsFrozen);
        session.Finish();
    }

    [CgroupTheory]
    [MemberData(nameof(Freezers))]
    public void Service_ThatFindsACgroupThatADeadDumpHolds_ThawsItAtOnce(string controller)
    {
        using var cgroup = TestCgroup.Make(controller);
        using var session = Session.StartInCgroup(programs, Program, cgroup.Path);
        cgroup.Freeze(true);
        cgroup.MarkAsHeld(Environment.ProcessId, 1);

        using var service = Service.Of(session.Cli);

        Wait.Until(() => !cgroup.IsFrozen, Wait.Patience, () => "the cgroup stays frozen");
        Assert.Equal(0, service.End().ExitCode);
        session.Finish();
    }

    [CgroupFact]
    public void Register_OfWhatIsNoCgroup_SaysSo()
    {
        using var cgroup = TestCgroup.Make(TestCgroup.Controllers[0]);
        using var session = Session.StartUnregistered(programs, "steady");

        var empty = session.Cli.Run("register", "x", "--cgroup", cgroup.Path).Expect(1);
        var missing = session.Cli.Run("register", "x", "--cgroup", session.Directory).Expect(1);

        Assert.Contains("has no process", empty.Output, StringComparison.Ordinal);
        Assert.Contains("There is no cgroup", missing.Output, StringComparison.Ordinal);
        Assert.Equal(2, session.Cli.Run("register", "x").ExitCode);
    }
}
