using System.Text.Json;
using System.Text.RegularExpressions;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>A store whose bytes are not what was written, or not ours to read.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed partial class DamageTests(ProgramFixture programs)
{
    private const int DoneWithWarnings = 3;
    private const int NoStore = 10;
    private const int Corrupt = 12;
    private const int Version = 13;

    [RootFact]
    public void Recover_WithFlippedBitInNewestGeneration_FallsBackToTheOlderOne()
    {
        using var session = Session.Start(programs, "mem_random");
        session.Dump(1);
        var before = Packs(session);
        session.Dump(2);
        FlipBit(Packs(session).Except(before).OrderByDescending(pack => new FileInfo(pack).Length).First());

        var verdict = session.Cli.Run("verify").Expect(Corrupt).Json.Single();
        session.Job.Kill();
        var recovery = session.Cli.Run("recover", "--latest", session.JobName).Expect(DoneWithWarnings);

        Assert.False(verdict.GetProperty("good").GetBoolean());
        Assert.Equal([$"{session.JobName}/2"], Strings(verdict.GetProperty("spoiled_generations")));
        Assert.Contains(Strings(recovery.Json.Single().GetProperty("warnings")), warning => warning.Contains($"{session.JobName}/2", StringComparison.Ordinal));
        session.Restored(recovery, 1);
        session.Finish();
    }

    [RootFact]
    public void Restore_OfDamagedGeneration_IsRefusedAndLeavesNoProcess()
    {
        using var session = Session.Start(programs, "mem_random");
        session.Dump(1);
        FlipBit(Packs(session).OrderByDescending(pack => new FileInfo(pack).Length).First());
        session.Job.Kill();

        session.Cli.Run("restore", $"{session.JobName}/1").Expect(Corrupt);

        Assert.False(ProcFacts.Exists(session.Job.Pid));
    }

    [RootFact]
    public void Dump_IntoStoreWithTruncatedIndex_SaysWhatToDoAndLeavesTheJobAlone()
    {
        using var session = Session.Start(programs, "compute");
        session.Dump(1);
        var index = Path.Combine(session.Cli.Store, "index.db");
        File.Delete(index + "-wal");
        File.Delete(index + "-shm");
        using (var file = new FileStream(index, FileMode.Open))
        {
            file.SetLength((file.Length / 2) + 100);
        }

        var answer = session.Cli.Run("dump", session.JobName).Expect(Corrupt).Json.Single();

        Assert.Contains("index.db", answer.GetProperty("hint").GetString(), StringComparison.Ordinal);
        session.AssertUntraced();
        session.Finish();
    }

    [RootFact]
    public void AnyVerb_OnStoreWithoutIndex_RebuildsItFromThePacks()
    {
        using var session = Session.Start(programs, "compute");
        session.Dump(1);
        session.Dump(2);
        File.Delete(Path.Combine(session.Cli.Store, "index.db"));
        session.Job.Kill();

        session.Restored(session.Cli.Run("restore", $"{session.JobName}/2").Expect(0), 2);

        session.Finish();
    }

    [RootFact]
    public void AnyVerb_OnStoreOfNewerVersion_NamesTheVersionAndChangesNothing()
    {
        using var session = Session.Start(programs, "compute");
        session.Dump(1);
        var format = Path.Combine(session.Cli.Store, "format");
        var newer = VersionField().Replace(File.ReadAllText(format), "${1}9999");
        File.WriteAllText(format, newer);
        var before = Listing(session.Cli.Store);

        var answers = new[] { "dump", "generations", "recover" }
            .Select(verb => session.Cli.Run(verb, session.JobName).Expect(Version).Json[^1]).ToList();

        Assert.All(answers, answer => Assert.Contains("9999", answer.GetProperty("error").GetString(), StringComparison.Ordinal));
        Assert.Equal(before, Listing(session.Cli.Store));
        session.Finish();
    }

    [RootFact]
    public void AnyVerb_WithoutStore_SaysSoAndMakesNone()
    {
        using var session = Session.StartUnregistered(programs, "compute");

        session.Cli.Run("dump", session.JobName).Expect(NoStore);
        session.Cli.Run("recover", "--latest").Expect(NoStore);
        session.Cli.Run("verify").Expect(NoStore);

        Assert.False(Directory.Exists(session.Cli.Store));
        session.Finish();
    }

    private static List<string> Packs(Session session) =>
        [.. Directory.EnumerateFiles(Path.Combine(session.Cli.Store, "packs"), "*", SearchOption.AllDirectories)];

    private static List<string> Listing(string directory) =>
        [.. new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(file => !file.FullName.Contains("/locks/", StringComparison.Ordinal))
            .Select(file => $"{file.FullName} {file.Length} {file.LastWriteTimeUtc:O}").Order(StringComparer.Ordinal)];

    private static List<string> Strings(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetString()!)];

    private static void FlipBit(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = file.Length / 2;
        var old = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(old ^ 0x10));
    }

    [GeneratedRegex("(\"version\"\\s*:\\s*)\\d+")]
    private static partial Regex VersionField();
}
