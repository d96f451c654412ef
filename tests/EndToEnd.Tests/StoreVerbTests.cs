using System.Globalization;
using System.Text.Json;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Verbs that look at generations of a real job, and mend them.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class StoreVerbTests(ProgramFixture programs)
{
    [RootFact]
    public void Generations_AreShownComparedMendedAndMoved()
    {
        using var session = Session.Start(programs, "dirty_random");
        var dumps = session.Cli.Run("dump", session.JobName, "--every", "300ms", "--count", "2").Expect(0).Json;
        var (one, two) = ($"{session.JobName}/1", $"{session.JobName}/2");

        var show = session.Cli.Run("show", two, "--all").Expect(0).Json.Single();
        var root = show.GetProperty("tree")[0];
        Assert.Equal(session.Job.Pid, root.GetProperty("pid").GetInt32());
        Assert.EndsWith("dirty_random", root.GetProperty("executable").GetString(), StringComparison.Ordinal);
        Assert.Contains(Of(show, "memory"), mapping => mapping.GetProperty("name").GetString() == "[stack]" && mapping.GetProperty("access").GetString() == "rw-p");
        Assert.Contains(Of(show, "memory"), mapping => mapping.GetProperty("name").GetString() == root.GetProperty("executable").GetString());
        Assert.Equal([0, 1, 2], Of(show, "descriptors").Select(descriptor => descriptor.GetProperty("number").GetInt32()).Take(3));

        var diff = session.Cli.Run("diff", one, two).Expect(0).Json.Single();
        var changed = diff.GetProperty("changed_bytes").GetInt64();
        Assert.InRange(changed, 4096, dumps.Sum(dump => dump.GetProperty("populated_bytes").GetInt64())); // it also gives memory back
        Assert.False(diff.GetProperty("same").GetBoolean());
        Assert.All(Of(diff, "memory"), mapping => Assert.True(Length(mapping) >= mapping.GetProperty("changed_bytes").GetInt64(), $"{mapping}"));
        Assert.True(session.Cli.Run("diff", two, two).Expect(0).Json.Single().GetProperty("same").GetBoolean());

        var pack = new DirectoryInfo(Path.Combine(session.Cli.Store, "packs")).GetFiles().MaxBy(file => file.Length)!;
        Flip(pack.FullName, pack.Length - 70);
        var repair = session.Cli.Run("repair").Expect(0).Json.Single();
        Assert.Contains(pack.Name, Of(repair, "quarantined_packs").Select(name => name.GetString()));
        Assert.True(session.Cli.Run("verify").Expect(0).Json.Single().GetProperty("good").GetBoolean());

        // Out of this store and into another, from which the job comes back.
        var file = Path.Combine(session.Directory, "export");
        var export = session.Cli.Run("export", two, file).Expect(0).Json.Single();
        Assert.Equal(new FileInfo(file).Length, export.GetProperty("bytes").GetInt64());
        session.Cli.Store = Path.Combine(session.Directory, "other");
        Assert.Equal(one, session.Cli.Run("import", file, "--as", session.JobName).Expect(0).Json.Single().GetProperty("generation").GetString());
        session.KillAndRestore(1);
        session.Finish();
    }

    private static JsonElement[] Of(JsonElement line, string name) => [.. line.GetProperty(name).EnumerateArray()];

    private static long Length(JsonElement mapping) => Address(mapping, "end") - Address(mapping, "start");

    private static long Address(JsonElement mapping, string name) => long.Parse(mapping.GetProperty(name).GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static void Flip(string path, long at)
    {
        using var file = new FileStream(path, FileMode.Open);
        file.Position = at;
        var old = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(old ^ 4));
    }
}
