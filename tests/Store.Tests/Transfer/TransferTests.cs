using System.Security.Cryptography;
using Checkpointer.Store.Packs;
using Checkpointer.Store.Tests.Support;
using Checkpointer.Store.Transfer;

namespace Checkpointer.Store.Tests.Transfer;

/// <summary>A generation goes from store to store as one stream.</summary>
[Trait("kind", "store")]
public sealed class TransferTests : StoreTest
{
    [Fact]
    public void Exported_AndImported_IsTheSame_AndStandsByItself()
    {
        var (export, model) = ExportOfAChain();
        UseEmptyStore();

        using (var store = OpenStore())
        {
            var report = store.Import(new MemoryStream(export), "moved", null, CancellationToken.None);

            Assert.Equal((new GenerationName("moved", 1), new GenerationName("job", 30), (long)export.Length), (report.Generation, report.Source, report.Bytes));
            model.AssertReadsBack(store, report.Generation);
            using (var reader = store.OpenGeneration(report.Generation))
            {
                Assert.Equal(Noise(70_000, 5), reader.ReadImage("image"));
                Assert.Equal(Summary, reader.Record.Summary);
            }

            var job = store.Job("moved");
            Assert.Equal((false, "sleep 1000"), (job.IsRegistered, job.Command));
            AssertSound(store);
            Assert.Equal(export.Length, Export(store, report.Generation).Length);
        }

        DeleteIndex();
        using var rebuilt = OpenStore();
        model.AssertReadsBack(rebuilt, new GenerationName("moved", 1));
        AssertSound(rebuilt);
    }

    [Fact]
    public void Imported_WhereItIsStoredAlready_AddsNextToNothing()
    {
        var (export, model) = ExportOfAChain();
        using var store = OpenStore();

        var report = store.Import(new MemoryStream(export), "again", null, CancellationToken.None);

        Assert.InRange(report.NewBytes, 1, export.Length / 5);
        Assert.Equal(2, store.Import(new MemoryStream(export), "again", null, CancellationToken.None).Generation.Number);
        model.AssertReadsBack(store, report.Generation);
        model.AssertReadsBack(store, new GenerationName("again", 2));
        AssertSound(store);
    }

    [Fact]
    public void RegisteredJob_IsRefused_AndALock()
    {
        var (export, _) = ExportOfAChain();
        using var store = OpenStore();
        Fails(StoreFailure.AlreadyExists, () => store.Import(new MemoryStream(export), "job", null, CancellationToken.None));
        store.Unregister("job");
        using (store.Begin("job", null))
        {
            Fails(StoreFailure.Locked, () => store.Import(new MemoryStream(export), "job", null, CancellationToken.None));
        }

        Assert.Equal(33, store.Import(new MemoryStream(export), "job", null, CancellationToken.None).Generation.Number);
    }

    [Fact]
    public void DamagedGeneration_IsNotExported()
    {
        ExportOfAChain();
        var pack = PackFiles().MaxBy(file => new FileInfo(file).Length)!;
        var bytes = File.ReadAllBytes(pack);
        for (var at = 500; at < bytes.Length - 500; at += 500)
        {
            bytes[at] ^= 1;
        }

        File.WriteAllBytes(pack, bytes);
        using var store = OpenStore();
        Fails(StoreFailure.Corrupt, () => Export(store, new GenerationName("job", 30)));
    }

    [Fact]
    public void CutShort_Anywhere_IsRefused_AndLeavesNothing()
    {
        var export = SmallExport();
        UseEmptyStore();
        using var store = OpenStoreWithJob();
        for (var length = 0; length < export.Length; length += length < 200 || length > export.Length - 200 ? 1 : 97)
        {
            Fails(StoreFailure.Corrupt, () => store.Import(new MemoryStream(export, 0, length), "x", null, CancellationToken.None));
        }

        Fails(StoreFailure.Corrupt, () => store.Import(new MemoryStream([.. export, 0]), "x", null, CancellationToken.None));
        Assert.Empty(PackFiles());
        Assert.Equal(1, store.Import(new MemoryStream(export), "x", null, CancellationToken.None).Generation.Number);
    }

    [Fact]
    public void Mutated_IsRefused_WithoutLargeAllocations()
    {
        var export = SmallExport();
        UseEmptyStore();
        var seed = Seed(4711);
        var random = new Random(seed);
        using var store = OpenStoreWithJob();
        var rounds = int.TryParse(Environment.GetEnvironmentVariable("CHECKPOINTER_ROUNDS"), out var asked) ? asked : 600;
        for (var i = 0; i < rounds; i++)
        {
            var bytes = (byte[])export.Clone();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            }

            MakeGuardsRight(bytes, random);
            if (bytes.AsSpan().SequenceEqual(export))
            {
                continue; // it was a guard that was changed, and it is right again
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            var failure = Record.Exception(() => store.Import(new MemoryStream(bytes), "x", null, CancellationToken.None));
            Assert.True(failure is StoreException { Reason: StoreFailure.Corrupt or StoreFailure.UnsupportedVersion }, $"SEED={seed} round {i}: {failure}");
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 200 << 20, $"SEED={seed} round {i} allocated too much");
        }

        Assert.Empty(store.Generations("x"));
        Assert.Empty(PackFiles());
    }

    [Theory]
    [InlineData("drop data")]
    [InlineData("drop segment")]
    [InlineData("swap")]
    [InlineData("no manifest")]
    [InlineData("two manifests")]
    public void WellFormed_ButIncomplete_IsRefused(string how)
    {
        var export = SmallExport();
        UseEmptyStore();
        var records = Records(export);
        var kinds = records.Select(record => RecordHeader.Read(record, 0).Kind).ToList();
        switch (how)
        {
            case "drop data":
                records.RemoveAt(kinds.IndexOf(ChunkKind.Data));
                break;
            case "drop segment":
                records.RemoveAt(kinds.IndexOf(ChunkKind.Segment));
                break;
            case "swap":
                records.Reverse(0, records.Count - 1);
                break;
            case "no manifest":
                records.RemoveAt(records.Count - 1);
                break;
            default:
                records.Add(records[^1]);
                break;
        }

        using var store = OpenStoreWithJob();
        Fails(StoreFailure.Corrupt, () => store.Import(new MemoryStream(Assemble(records)), "x", null, CancellationToken.None));
        Assert.Empty(PackFiles());
    }

    [Theory]
    [InlineData(nameof(Fault.CrashLosingUnsynced))]
    [InlineData(nameof(Fault.NoSpace))]
    public void Fault_AtEveryStepOfAnImport_LeavesAllOrNothing(string faultName)
    {
        var export = SmallExport();
        for (var step = 0; ; step++)
        {
            UseEmptyStore();
            OpenStoreWithJob().Dispose();
            var files = new FaultyFileSystem(Enum.Parse<Fault>(faultName), step);
            var failure = Record.Exception(() =>
            {
                using var store = OpenStore(files);
                store.Import(new MemoryStream(export), "x", null, CancellationToken.None);
            });
            if (failure is null)
            {
                Assert.True(step > 8, $"{step} steps");
                return;
            }

            Assert.IsAssignableFrom<StoreException>(failure);
            using var again = OpenStore();
            Assert.True(again.Generations("x").Count <= 1);
            var name = again.Import(new MemoryStream(export), "x", null, CancellationToken.None).Generation;
            Assert.Equal(Noise(40 * Page, 1), ReadPages(again, name).Values.SelectMany(page => page));
            AssertSound(again);
            Assert.Equal(again.Context.PackTable.All().Select(pack => pack.Id.FileName).Order(StringComparer.Ordinal), PackFiles().Select(Path.GetFileName));
        }
    }

    private static byte[] Export(CheckpointStore store, GenerationName name)
    {
        using var target = new MemoryStream();
        var report = store.Export(name, target, null, CancellationToken.None);
        Assert.Equal(target.Length, report.Bytes);
        return target.ToArray();
    }

    // Thirty increments: chains of patches.
    private (byte[] Export, PageModel Model) ExportOfAChain()
    {
        var model = new PageModel(1500, 3);
        using var store = OpenStoreWithJob();
        var name = Commit(store, "job", null, model.WriteAll).Name;
        for (var i = 0; i < 29; i++)
        {
            name = Commit(store, "job", name, content => model.Write(content, model.Touch(20)), Noise(70_000, 5)).Name;
        }

        var copy = model.Copy();
        Commit(store, "job", name, content => model.Write(content, model.Touch(20)));
        return (Export(store, name), copy);
    }

    private byte[] SmallExport()
    {
        byte[] export;
        using (var store = OpenStoreWithJob("source"))
        {
            export = Export(store, Commit(store, "source", null, content => content.Write(0, Noise(40 * Page, 1)), Noise(100, 2)).Name);
        }

        return export;
    }

    private void UseEmptyStore() => Directory.Delete(StorePath, recursive: true);

    private static List<byte[]> Records(byte[] export)
    {
        var records = new List<byte[]>();
        for (var at = ExportFormat.HeaderBytes; at < export.Length - ExportFormat.FooterBytes; at += records[^1].Length)
        {
            records.Add(export[at..(at + RecordHeader.Read(export.AsSpan(at), at).RecordBytes)]);
        }

        return records;
    }

    private static byte[] Assemble(List<byte[]> records)
    {
        using var target = new MemoryStream();
        using var writer = new ExportWriter(target, null);
        records.ForEach(record => writer.Write(record));
        writer.Finish();
        return target.ToArray();
    }

    // In half of the rounds what guards the header, and the hash in the footer, are right again, or nothing would get past them.
    private static void MakeGuardsRight(byte[] bytes, Random random)
    {
        if (random.Next(2) == 0)
        {
            return;
        }

        BitConverter.TryWriteBytes(bytes.AsSpan(ExportFormat.HeaderGuardAt), PackFormat.Guard(bytes.AsSpan(0, ExportFormat.HeaderGuardAt)));
        for (var at = ExportFormat.HeaderBytes; at < bytes.Length - ExportFormat.FooterBytes;)
        {
            var header = bytes.AsSpan(at, PackFormat.RecordHeaderBytes);
            BitConverter.TryWriteBytes(header[PackFormat.RecordGuardAt..], PackFormat.Guard(header[..PackFormat.RecordGuardAt]));
            var stored = BitConverter.ToInt32(header[PackFormat.RecordStoredBytesAt..]);
            if (stored < 0 || stored > bytes.Length - at)
            {
                break;
            }

            at += PackFormat.RecordHeaderBytes + stored;
        }

        var footer = bytes.Length - ExportFormat.FooterBytes + ExportFormat.FooterHashAt;
        SHA256.HashData(bytes.AsSpan(0, footer), bytes.AsSpan(footer));
    }
}
