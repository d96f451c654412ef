using System.Text;
using Checkpointer.Store.Files;
using Checkpointer.Store.Interop;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointer.Store.Tests.Encryption;

/// <summary>Secrets put into everything that a job leaves in a store: no file of an encrypted one has any of them, while it is open, and after it was closed.</summary>
[Trait("kind", "store")]
public sealed class SecrecyTests : EncryptedStoreTest
{
    // Long enough that no byte sequence is there by chance, and in no other one.
    private const string Job = "job-XyzzyPlughAlpha";
    private const string Command = "solve-XyzzyPlughBravo --password XyzzyPlughCharlie";
    private const string Boot = "boot-XyzzyPlughDelta";
    private const string Cgroup = "/sys/fs/cgroup/XyzzyPlughEcho";
    private const string Policy = "{\"path\":\"/home/XyzzyPlughFoxtrot\"}";
    private const string Image = "environment TOKEN=XyzzyPlughGolf";
    private const string Memory = "memory XyzzyPlughHotel";
    private const string FilePath = "file//home/XyzzyPlughIndia/results.dat";
    private const string Note = "note XyzzyPlughJuliett";
    private const string Event = "event XyzzyPlughKilo";
    private const string Outcome = "XyzzyPlughLima";

    private static readonly byte[][] _needles = [.. Needles()];

    [Fact]
    public void NothingOfAJob_IsInAnyFile()
    {
        using (var store = OpenStore())
        {
            Use(store);
            AssertSecret();
            store.Collect(new CollectOptions(false, 0.000001, TimeSpan.Zero), null, CancellationToken.None);
            AssertSecret();
        }

        AssertSecret();
        DeleteIndex();
        OpenStore().Dispose();
        AssertSecret();
        Damage();
        CheckpointStore.Repair(StorePath, Options, NullLoggerFactory.Instance, new RepairOptions(false, TimeSpan.Zero), null, CancellationToken.None);
        Assert.NotEmpty(Directory.GetFiles(Paths.Quarantine));
        AssertSecret();
    }

    [Fact]
    public void AWriterThatDied_LeavesNothingEither()
    {
        using var store = OpenStore();
        store.Register(Record());
        Options.ChangesMax = 8; // changes go to a scratch file
        using var writer = store.Begin(Job, null);
        using var content = writer.OpenContent(FilePath);
        for (var i = 0; i < 100; i++)
        {
            content.Write((ulong)i * 2 * Page, Secret(Memory, Page, i));
        }

        writer.PutImage("image", Secret(Image, 200_000, 1));
        Assert.NotEmpty(Directory.GetFiles(Paths.Temporary));
        AssertSecret();
    }

    [Fact]
    public void AnExport_IsEncryptedToo()
    {
        using var store = OpenStore();
        Use(store);
        using var file = new MemoryStream();
        store.Export(new GenerationName(Job, 2), file, null, CancellationToken.None);
        Assert.Null(Found(file.ToArray()));
    }

    // The test is worth something only where the same store in the clear shows all that can be seen at all.
    [Fact]
    public void WithoutAKey_TheSameSecretsAreThere()
    {
        Options.KeyFile = "";
        using var store = OpenStore();
        Use(store);
        var files = Directory.GetFiles(StorePath, "*", SearchOption.AllDirectories);
        var all = files.SelectMany(file => Encoding.UTF8.GetBytes(file).Concat(Read(file))).ToArray();
        Assert.All((string[])[Job, Command, Boot, Cgroup, Note, Event, Outcome], secret => Assert.True(all.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) >= 0, secret));
    }

    private static void Use(CheckpointStore store)
    {
        store.Register(Record());
        GenerationName? based = null;
        for (var i = 0; i < 3; i++)
        {
            using var writer = store.Begin(Job, based);
            writer.PutImage("images/XyzzyPlughIndia", Secret(Image, 100_000, i));
            using (var content = writer.OpenContent(FilePath))
            {
                content.Write((ulong)i << 22, Secret(Memory, 40 * Page, i));
            }

            based = writer.Commit(new GenerationSummary("full", "compare", "copy", 1, 1, 1, 1, 1)).Name;
        }

        store.Pin(based!.Value, Note);
        store.AddEvent(new JobEvent(Job, DateTimeOffset.UnixEpoch, "dumped", Event));
        store.SetOutcome(Job, Outcome);
        store.Forget([new GenerationName(Job, 1)]);
        using (store.Lease(Job))
        {
            using var reader = store.OpenGeneration(based.Value);
            reader.ReadContent(FilePath, (_, _) => { });
        }

        store.Verify(null, null, CancellationToken.None);
    }

    private static JobRecord Record()
        => new(Job, 1, 1, Boot, Command, DateTimeOffset.UnixEpoch, true, Cgroup, Policy);

    // Raw and compressed pages: text among noise, and text alone.
    private static byte[] Secret(string text, int bytes, int seed)
    {
        var all = Noise(bytes, seed);
        var word = Encoding.UTF8.GetBytes(text);
        for (var at = 0; at + word.Length < bytes; at += 3000)
        {
            word.CopyTo(all, at);
        }

        all.AsSpan(bytes / 2, bytes / 4).Clear();
        word.CopyTo(all, bytes / 2);
        return all;
    }

    private static IEnumerable<byte[]> Needles()
    {
        yield return Encoding.UTF8.GetBytes("XyzzyPlugh");
        yield return Encoding.Unicode.GetBytes("XyzzyPlugh");
        yield return Encoding.UTF8.GetBytes(Convert.ToHexString(Encoding.UTF8.GetBytes("XyzzyPlugh")));
        yield return Encoding.UTF8.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes("XyzzyPlug")));
        yield return Encoding.UTF8.GetBytes("CREATE TABLE");
        yield return Encoding.UTF8.GetBytes("dumped");
    }

    private static byte[]? Found(ReadOnlySpan<byte> bytes)
    {
        foreach (var needle in _needles)
        {
            if (bytes.IndexOf(needle) >= 0)
            {
                return needle;
            }
        }

        return null;
    }

    private void AssertSecret()
    {
        var files = Directory.GetFiles(StorePath, "*", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            Assert.Null(Found(Encoding.UTF8.GetBytes(file)));
            Assert.True(Found(Read(file)) is not { } needle, $"{file} has '{Encoding.UTF8.GetString(Found(Read(file)) ?? [])}'");
        }
    }

    private static byte[] Read(string path)
    {
        using var file = new LinuxFileSystem().OpenRead(path)!; // that of .NET would want a lock
        var bytes = new byte[file.Length];
        return bytes[..file.ReadFully(0, bytes)];
    }

    private void Damage()
    {
        var pack = PackFiles()[0];
        using var file = File.Open(pack, FileMode.Open);
        file.Position = 200;
        var old = file.ReadByte();
        file.Position = 200;
        file.WriteByte((byte)(old ^ 1));
    }
}
