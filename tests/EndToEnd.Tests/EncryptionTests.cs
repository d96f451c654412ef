using System.Text;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>A real job in an encrypted store: it comes back, and nothing of it can be read without the key.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class EncryptionTests(ProgramFixture programs)
{
    private const string KeyFile = "CHECKPOINTER_Store__KeyFile";

    [RootFact]
    public void AJob_ComesBackFromAnEncryptedStore_AndOnlyWithItsKey()
    {
        using var session = Session.Start(programs, "dirty_random");
        var plain = session.Cli.Store;
        _ = session.Cli.Run("dump", session.JobName).Expect(0);
        Assert.NotEmpty(Holding(plain, "dirty_random"));
        var (key, export) = (Path.Combine(session.Directory, "store.key"), Path.Combine(session.Directory, "export"));
        _ = session.Cli.Run("export", $"{session.JobName}/1", export).Expect(0);

        _ = session.Cli.Run("key", "new", key).Expect(0);
        session.Cli.Configuration[KeyFile] = key;
        _ = session.Cli.Run("dump", session.JobName).Expect(14); // the store is not encrypted
        session.Cli.Store = Path.Combine(session.Directory, "encrypted");
        Assert.True(session.Cli.Run("init", "--encrypt").Expect(0).Json.Single().GetProperty("encrypted").GetBoolean());
        _ = session.Cli.Run("import", export, "--as", "moved").Expect(0);
        _ = session.Cli.Run("register", session.JobName, "--pid", $"{session.Job.Pid}").Expect(0);
        _ = session.Cli.Run("dump", session.JobName, "--every", "300ms", "--count", "2").Expect(0);
        Assert.Empty(Holding(session.Cli.Store, "dirty_random"));
        Assert.DoesNotContain(Directory.GetFiles(session.Cli.Store, "*", SearchOption.AllDirectories), file => Path.GetFileName(file).Contains(session.JobName, StringComparison.Ordinal));

        session.Cli.Configuration.Remove(KeyFile);
        _ = session.Cli.Run("jobs").Expect(14);
        Assert.True(session.Cli.Run("verify").Expect(0).Json.Single().GetProperty("checksums_only").GetBoolean());
        var other = key + "-2";
        _ = session.Cli.Run("key", "new", other).Expect(0);
        _ = session.Cli.Run("--key-file", key, "key", "change", "--new-key-file", other).Expect(0);
        _ = session.Cli.Run("--key-file", key, "jobs").Expect(14);
        session.Cli.Configuration[KeyFile] = other;
        Assert.False(session.Cli.Run("verify").Expect(0).Json.Single().GetProperty("checksums_only").GetBoolean());
        session.KillAndRestore(2);
        session.Finish();
    }

    private static List<string> Holding(string directory, string text)
        => [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Where(file =>
            file[directory.Length..].Contains(text, StringComparison.Ordinal) || File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0)];
}
