using System.Text.Json;
using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Engine;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Xunit.Abstractions;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Rehearsals: they prove what would come back, find what would not, and leave no trace.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class RehearsalTests(ProgramFixture programs, ITestOutputHelper output)
{
    /// <summary>One of each kind; all that are carried where CHECKPOINTER_ROUNDS is set.</summary>
    public static TheoryData<string> Programs()
        => Environment.GetEnvironmentVariable("CHECKPOINTER_ROUNDS") is null
            ? new() { "mem_kinds", "mem_memfd", "tree_leader_exited", "fd_inotify", "many_threads", "sysv_shm", "fd_epoll" }
            : [.. TestProgram.All.Where(program => program is { RefusedFor: null, IsAlone: false, DumpOptions: [] }).Select(program => program.Name)];

    [RootTheory]
    [MemberData(nameof(Programs))]
    public void Job_ThatRuns_IsProvenOrChecked_AndNoticesNothing(string program)
    {
        using var session = Session.Start(programs, program);
        session.Dump(1);

        var line = session.Cli.Run("rehearse", session.JobName).Json.Single();

        output.WriteLine(line.ToString());
        var word = line.GetProperty("rehearsal").GetString();
        Assert.True(word is "proven" or "checked", line.ToString());
        Assert.Equal(word == "checked", line.GetProperty("obstacles").GetArrayLength() > 0);
        Assert.Equal(word, session.Cli.Run("status", session.JobName).Expect(0).Json.Single().GetProperty("rehearsal").GetString());
        session.AssertUntraced();
        session.Finish();
    }

    [RootFact]
    public void JobThatIsGone_LeavesNoTrace_AndComesBackAsItWasProven()
    {
        using var session = Session.Start(programs, "compute");
        session.Dump(1);
        session.Job.Kill();
        var before = Picture(session);

        var line = session.Cli.Run("rehearse", "--all").Expect(0).Json.Single();

        output.WriteLine(line.ToString());
        Assert.Equal("proven", line.GetProperty("rehearsal").GetString());
        Assert.InRange(line.GetProperty("compared_bytes").GetInt64(), 100_000, long.MaxValue);
        Assert.InRange(line.GetProperty("descriptors").GetInt32(), 3, 100);
        Assert.Equal(before, Picture(session));
        session.Restored(session.Cli.Run("recover", "--latest", session.JobName).Expect(0), 1);
        session.Finish();
    }

    [RootFact]
    public void JobWhoseWorldHasChanged_IsToldToFail()
    {
        using var session = Session.Start(programs, "compute");
        session.Dump(1);
        session.Job.Kill();
        File.Move(session.Job.OutputPath, session.Job.OutputPath + ".moved");
        Directory.CreateDirectory(session.Job.OutputPath); // in the way of the file that a recovery would make again

        var line = session.Cli.Run("rehearse", session.JobName).Json.Single();

        Assert.Equal("failed", line.GetProperty("rehearsal").GetString());
        Assert.Contains(session.Job.OutputPath, line.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains("rehearsal_failed", session.Cli.Run("events", session.JobName).Expect(0).Json.Select(one => one.GetProperty("kind").GetString()));
    }

    [RootFact]
    public void Policy_HasTheServiceRehearse_BesideTheDumps()
    {
        using var session = Session.StartUnregistered(programs, "compute");
        var policies = Directory.CreateDirectory(Path.Combine(session.Directory, "policies")).FullName;
        File.WriteAllText(Path.Combine(policies, "tried.json"), """{"schedule": {"every": "1s"}, "retention": {"keepLast": 3}, "rehearse": {"schedule": {"every": "500ms"}}}""");
        using var service = Service.Of(session.Cli, ("CHECKPOINTER_Policies__Directory", policies), ("CHECKPOINTER_Daemon__LookEvery", "00:00:01"));
        _ = session.Cli.Run("register", Session.RegisteredName, "--pid", $"{session.Job.Pid}", "--policy", "tried").Expect(0);

        JsonElement status = default;
        Wait.Until(
            () => (status = service.Status(Session.RegisteredName)).GetProperty("rehearsal").GetString() == "proven", Wait.Patience,
            () => $"{status}\n{service.Log}");
        var newest = service.WaitForGenerationAbove(Session.RegisteredName, service.Newest(Session.RegisteredName));
        _ = session.Cli.Run("rehearse", Session.RegisteredName).Expect(0);

        Assert.InRange(newest, 2, long.MaxValue);
        Assert.DoesNotContain("rehearsal_failed", service.Events(Session.RegisteredName));
        Assert.Equal(0, service.End().ExitCode);
        session.Job.Go(byFile: false);
        Assert.Equal(0, session.Job.WaitExit().Code);
    }

    /// <summary>What is read the second time, by the comparison, is another byte than what was put into memory: that is seen wherever it is.</summary>
    [RootTheory]
    [InlineData(0.0)]
    [InlineData(0.5)]
    [InlineData(0.99)]
    public void MemoryThatDiffers_IsFound(double place)
    {
        using var session = Session.Start(programs, "mem_random");
        var checkpoint = new MemoryCheckpoint();
        var engine = new CheckpointEngine(new EngineOptions(), NullLoggerFactory.Instance);
        _ = engine.Dump(new Engine.Support.ProcessId(session.Job.Pid), checkpoint, null, CancellationToken.None);
        session.Job.Kill();

        var good = engine.RehearseHere(checkpoint, null, CancellationToken.None);
        var bad = engine.RehearseHere(new Tampered(checkpoint, $"memory/{session.Job.Pid}", place), null, CancellationToken.None);

        Assert.Empty(good.Differences);
        Assert.InRange(good.ComparedBytes, 48L << 20, long.MaxValue);
        Assert.Contains("is not what it was", Assert.Single(bad.Differences), StringComparison.Ordinal);
    }

    /// <summary>Names, sizes, times and inodes of all that is in the directory of the job, but for the store and our own output; System V objects; processes of the job.</summary>
    private static string Picture(Session session) => string.Join('\n',
    [
        .. new DirectoryInfo(session.Directory).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .Where(file => !file.FullName.StartsWith(session.Cli.Store, StringComparison.Ordinal) && !file.Name.StartsWith("cli-", StringComparison.Ordinal))
            .Select(file => $"{file.FullName} {(file as FileInfo)?.Length} {file.LastWriteTimeUtc:O}").Order(StringComparer.Ordinal),
        .. new[] { "shm", "sem", "msg" }.Select(kind => File.ReadAllText($"/proc/sysvipc/{kind}")),
        .. ProcFacts.All().Where(pid => CommandOf(pid).Contains(session.Job.Scratch)).Select(pid => $"process {pid}"),
    ]);

    private static string[] CommandOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');
        }
        catch (IOException)
        {
            return [];
        }
    }

    private sealed class Tampered(ICheckpointSource source, string content, double place) : ICheckpointSource
    {
        private int _reads;

        public string Name => source.Name;

        public IReadOnlyCollection<string> ImageNames => source.ImageNames;

        public byte[] ReadImage(string name) => source.ReadImage(name);

        public void ReadPages(string name, PageVisitor visitor)
        {
            if (name != content || ++_reads < 2)
            {
                source.ReadPages(name, visitor);
                return;
            }

            long total = 0;
            source.ReadPages(name, (_, pages) => total += pages.Length);
            long done = 0;
            source.ReadPages(name, (address, pages) =>
            {
                var at = (long)(total * place) - done;
                done += pages.Length;
                if (at >= 0 && at < pages.Length)
                {
                    var changed = pages.ToArray();
                    changed[at] ^= 1;
                    visitor(address, changed);
                }
                else
                {
                    visitor(address, pages);
                }
            });
        }
    }
}
