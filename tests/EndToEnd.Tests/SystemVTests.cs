using System.Globalization;
using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>System V objects outlive their processes, but not a reboot: both are restored from.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
[Trait("resource", "sysv")]
public sealed class SystemVTests(ProgramFixture programs)
{
    private const int Remove = 0; // IPC_RMID

    [RootTheory]
    [InlineData("sysv_shm")]
    [InlineData("sysv_sem_msg")]
    [InlineData("sysv_tree")]
    public void Recover_WhereItsObjectsAreGone_ProgramFindsThemRight(string name)
    {
        using var session = Session.StartWithStore(programs, name);
        for (var round = 1; round <= 2; round++)
        {
            session.Dump(round);
            session.KillAndRecover(round, () => RemoveObjects(session.Job.Output));
        }

        session.Finish();
    }

    [RootFact]
    public void Recover_WhereAnObjectIsAnothers_RefusesByName()
    {
        using var session = Session.StartWithStore(programs, "sysv_sem_msg");
        session.Dump(1);
        session.Job.Kill();
        var set = Ids(session.Job.Output, "semaphores")[0];
        Assert.Equal(0, Libc.semctl(set, 0, Libc.SETVAL, 3)); // by a process that still runs: this one

        var result = session.Cli.Run("recover", "--latest", session.JobName);

        RemoveObjects(session.Job.Output);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains($"semaphores {set} ", $"{result}", StringComparison.Ordinal);
        Assert.Contains($"process {Environment.ProcessId} ", $"{result}", StringComparison.Ordinal);
    }

    private static void RemoveObjects(string output)
    {
        // Segments that nobody has attached any more and that were marked for removal are gone already.
        foreach (var segment in Ids(output, "segment"))
        {
            _ = Libc.shmctl(segment, Remove, 0);
        }

        Assert.All(Ids(output, "semaphores"), id => Assert.Equal(0, Libc.semctl(id, 0, Remove, 0)));
        Assert.All(Ids(output, "queue"), id => Assert.Equal(0, Libc.msgctl(id, Remove, 0)));
    }

    private static List<int> Ids(string output, string word) =>
        [.. output.Split('\n').Select(line => line.Split(' ')).Where(words => words.Length == 2 && words[0] == word)
            .Select(words => int.Parse(words[1], CultureInfo.InvariantCulture))];
}
