using Checkpointer.Store.Files;
using Checkpointer.Store.Interop;
using Checkpointer.Store.Maintenance;
using Checkpointer.Store.Packs;
using Checkpointer.Store.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointer.Store.Tests.Maintenance;

/// <summary>What is good of a damaged store is saved, the rest is named, and the store is sound again.</summary>
[Trait("kind", "store")]
public class RepairTests : StoreTest
{
    private static readonly RepairOptions _now = new(false, TimeSpan.Zero);

    private static GenerationName Name(long number) => new("job", number);

    [Fact]
    public void SoundStore_IsLeftAsItIs()
    {
        WithGenerations(3);
        var before = PackFiles();

        var report = Repair();

        Assert.Equal((false, false, 3), (report.FormatWritten, report.IndexRebuilt, report.Packs));
        Assert.Empty(report.Damages);
        Assert.Equal(before, PackFiles());
        Assert.False(Directory.Exists(Paths.Quarantine));
    }

    [Theory]
    [InlineData(20, "header")]
    [InlineData(-70, "trailer")]
    [InlineData(-3, "end magic")]
    public void DamagedFrame_LosesNothing(int at, string what)
    {
        WithGenerations(3);
        var pack = OnDisk(1);
        Flip(pack, at);

        var foreseen = Repair(_now with { IsDryRun = true });
        var report = Repair();

        Assert.Contains(what, Assert.Single(report.Damages).What, StringComparison.Ordinal);
        Assert.Equal([Name(1), Name(2), Name(3)], report.SavedGenerations);
        Assert.Equal((0, 0L), (report.LostGenerations.Count, report.LostChunks));
        Assert.Equal((foreseen.SavedChunks, foreseen.SavedBytes, foreseen.LostChunks), (report.SavedChunks, report.SavedBytes, report.LostChunks));
        Assert.Equal(foreseen.SavedGenerations, report.SavedGenerations);
        Assert.Equal([Path.GetFileName(pack)], Directory.GetFiles(Paths.Quarantine).Select(Path.GetFileName));
        AssertGenerations([], 1, 2, 3);
        DeleteIndex();
        AssertGenerations([], 1, 2, 3);
    }

    [Fact]
    public void BadChunk_LosesTheGenerationsThatNeedIt_AndNoOther()
    {
        WithGenerations(3);
        Flip(OnDisk(2), EntryOf(2, ChunkKind.Data).Offset + PackFormat.RecordHeaderBytes + 20);

        var foreseen = Repair(_now with { IsDryRun = true });
        Assert.False(Directory.Exists(Paths.Quarantine));
        var report = Repair();

        Assert.Equal([Name(2)], foreseen.LostGenerations);
        Assert.Equal([Name(2)], report.LostGenerations);
        Assert.Equal((1L, foreseen.SavedChunks), (report.LostChunks, report.SavedChunks));
        AssertGenerations([2], 1, 3);
        Assert.Empty(Repair().QuarantinedPacks);
        using (var store = OpenStore())
        {
            store.Forget([Name(2)]);
            store.Collect(new CollectOptions(false, 0.000001, TimeSpan.Zero), null, CancellationToken.None);
        }

        DeleteIndex();
        AssertGenerations([], 1, 3);
    }

    [Fact]
    public void BadChunk_IsHealed_ByADumpOfTheSameBytes()
    {
        WithGenerations(2);
        Flip(OnDisk(1), SharedEntry().Offset + PackFormat.RecordHeaderBytes + 20);
        using var store = OpenStore();

        // Not known to be bad, it is deduplicated against, and the new generation is as bad as the others.
        Write(store, 3);
        Assert.Equal([Name(1), Name(2), Name(3)], Assert.Single(store.Verify(null, null, CancellationToken.None).Damages).Generations);
        Assert.Single(store.Context.BadChunks.All());
        Fails(StoreFailure.Corrupt, () => store.Begin("job", Name(3)));

        Write(store, 4);

        Assert.Empty(store.Context.BadChunks.All());
        foreach (var number in (long[])[1, 2, 3, 4])
        {
            Assert.Empty(store.Verify(Name(number), null, CancellationToken.None).Damages);
            Assert.Equal(Expected(number), ReadPages(store, Name(number)).Values.SelectMany(page => page));
        }
    }

    [Fact]
    public void ReaderThatMeetsABadChunk_SaysSoToLaterDumps()
    {
        WithGenerations(1);
        Flip(OnDisk(1), SharedEntry().Offset + PackFormat.RecordHeaderBytes + 20);
        using var store = OpenStore();
        Assert.Throws<CorruptChunkException>(() => ReadPages(store, Name(1)));

        Write(store, 2);

        Assert.Equal(Expected(1), ReadPages(store, Name(1)).Values.SelectMany(page => page));
    }

    [Fact]
    public void WellAgain_IsCountedOnAgain()
    {
        WithGenerations(1);
        var at = EntryOf(1, ChunkKind.Data).Offset + PackFormat.RecordHeaderBytes + 20;
        var pack = OnDisk(1);
        Flip(pack, at);
        using var store = OpenStore();
        store.Verify(null, null, CancellationToken.None);
        Flip(pack, at); // a cable, not the disk

        AssertSound(store);

        Assert.Empty(store.Context.BadChunks.All());
    }

    [Fact]
    public void OtherCopy_OfABadChunk_IsFound()
    {
        // Two writers at once store the same bytes twice.
        using (var store = OpenStoreWithJob())
        {
            store.Register(JobNamed("other"));
            using var first = store.Begin("job", null);
            using var second = store.Begin("other", null);
            first.OpenContent("memory").Write(0, Noise(8 * Page, 5));
            second.OpenContent("memory").Write(0, Noise(8 * Page, 5));
            // Who has begun a pack has looked for the chunk, and will not find it any more when the other commits.
            Assert.True(SpinWait.SpinUntil(() => Directory.EnumerateFiles(Paths.Temporary, "*" + PackId.Extension).Count() == 2, TimeSpan.FromMinutes(1)));
            first.Commit(Summary);
            second.Commit(Summary);
        }

        Flip(OnDisk(1), EntryOf(1, ChunkKind.Data).Offset + PackFormat.RecordHeaderBytes + 20);

        var report = Repair();

        Assert.Equal([Name(1), new GenerationName("other", 1)], report.SavedGenerations);
        Assert.Empty(report.LostGenerations);
        using var again = OpenStore();
        AssertSound(again);
        Assert.Equal<IEnumerable<byte>>(Noise(8 * Page, 5), ReadPages(again, Name(1)).Values.SelectMany(page => page));
    }

    [Fact]
    public void MissingPack_IsSaidToBeLost_WithWhatNeedsIt()
    {
        WithGenerations(3);
        File.Delete(OnDisk(2));

        var report = Repair();

        Assert.Equal([Name(2)], report.LostGenerations);
        AssertGenerations([2], 1, 3);
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("garbage")]
    [InlineData("truncate")]
    [InlineData("inside")]
    public void DamagedIndex_IsReplaced_WithWhatItStillSays(string how)
    {
        WithGenerations(3);
        using (var store = OpenStore())
        {
            store.Register(JobNamed("idle"));
            store.Pin(Name(2), "why");
        }

        var bytes = File.ReadAllBytes(Paths.Index);
        DeleteIndex();
        switch (how)
        {
            case "garbage":
                File.WriteAllBytes(Paths.Index, Noise(20_000, 1));
                break;
            case "truncate":
                File.WriteAllBytes(Paths.Index, bytes[..^4096]);
                break;
            case "inside":
                // The last pages hold chunks: jobs and pins can be read.
                Noise(8192, 1).CopyTo(bytes, bytes.Length - 8192);
                File.WriteAllBytes(Paths.Index, bytes);
                break;
            default:
                break;
        }

        var report = Repair();

        Assert.True(report.IndexRebuilt);
        Assert.Empty(report.LostGenerations);
        AssertGenerations([], 1, 2, 3);
        using var again = OpenStore();
        if (how == "inside")
        {
            Assert.Equal(["idle", "job"], again.Jobs().Select(job => job.Name));
            Assert.Equal((true, "why"), (again.Generations("job")[1].IsPinned, again.Generations("job")[1].Note));
        }
    }

    [Fact]
    public void IndexThatMisplacesAChunk_IsReplaced()
    {
        WithGenerations(2);
        using (var store = OpenStore())
        {
            store.Context.Index.Run(connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = "UPDATE chunks SET offset = offset + 64";
                return command.ExecuteNonQuery();
            });
        }

        Assert.True(Repair(_now with { IsDryRun = true }).IndexRebuilt);
        var report = Repair();

        Assert.True(report.IndexRebuilt);
        Assert.Empty(report.LostGenerations);
        AssertGenerations([], 1, 2);
    }

    [Fact]
    public void IndexOlderThanACollection_IsReplaced()
    {
        WithGenerations(3);
        var backup = File.ReadAllBytes(Paths.Index);
        using (var store = OpenStore())
        {
            foreach (var number in (long[])[1, 2])
            {
                store.Forget([Name(number)]);
                store.Collect(new CollectOptions(false, 0.000001, TimeSpan.Zero), null, CancellationToken.None);
            }
        }

        File.WriteAllBytes(Paths.Index, backup);

        Assert.True(Repair().IndexRebuilt);
        AssertGenerations([], 3);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("garbage")]
    public void DamagedFormat_IsMadeAgain_FromThePacks(string? text)
    {
        WithGenerations(2);
        File.Delete(Paths.Format);
        if (text is not null)
        {
            File.WriteAllText(Paths.Format, text);
        }

        Assert.True(Repair(_now with { IsDryRun = true }).FormatWritten);
        Assert.True(Repair().FormatWritten);
        AssertGenerations([], 1, 2);
    }

    [Fact]
    public void EmptyDirectory_IsNoStore()
    {
        Directory.CreateDirectory(StorePath);
        Fails(StoreFailure.NoStore, () => Repair());
        Assert.Empty(Directory.GetFileSystemEntries(StorePath));
    }

    [Fact]
    public void StrangersFile_InPacks_GoesToQuarantine()
    {
        WithGenerations(2);
        var stranger = Path.Combine(Paths.Packs, PackId.NewRandom().FileName);
        File.Copy(OnDisk(1), stranger);

        var report = Repair();

        Assert.Equal([Path.GetFileName(stranger)], report.QuarantinedPacks);
        AssertGenerations([], 1, 2);
    }

    [Fact]
    public void Dump_UnderWay_HoldsItUp_AndNothingIsChanged()
    {
        WithGenerations(2);
        Flip(OnDisk(1), 20);
        var before = PackFiles();
        using (var store = OpenStore())
        using (store.Begin("job", null))
        {
            Fails(StoreFailure.Locked, () => Repair());
        }

        Assert.Equal(before, PackFiles());
        Assert.Equal(2, Repair().SavedGenerations.Count);
    }

    [Theory]
    [InlineData(nameof(Fault.CrashKeepingUnsynced))]
    [InlineData(nameof(Fault.CrashLosingUnsynced))]
    [InlineData(nameof(Fault.InputOutputError))]
    [InlineData(nameof(Fault.NoSpace))]
    public void Fault_AtEveryStep_LosesNothing(string faultName)
    {
        Prepare(out _);
        var counted = new FaultyFileSystem(Fault.None);
        Repair(_now, counted);
        Assert.True(counted.Steps > 15, $"{counted.Steps} steps");
        for (var step = 0; step < counted.Steps; step++)
        {
            Prepare(out var damaged);
            var failure = Record.Exception(() => Repair(_now, new FaultyFileSystem(Enum.Parse<Fault>(faultName), step)));
            Assert.True(failure is null or StoreException, $"step {step}: {failure}");

            if (step % 3 == 0)
            {
                DeleteIndex();
            }

            Repair();
            using (var store = OpenStore())
            {
                Write(store, 5); // sweeps
                store.Forget([Name(5)]);
            }

            Assert.DoesNotContain(Repair().Damages, damage => !damage.Generations.Contains(Name(3)));
            AssertGenerations([3], 1, 2, 4);
            Assert.Equal(damaged, Directory.GetFiles(Paths.Quarantine).Select(Path.GetFileName).Where(name => PackId.TryParseFileName(name!, out _)).Order(StringComparer.Ordinal));
        }
    }

    // Four generations; the frame of the first pack is damaged, and a chunk of the third.
    private void Prepare(out string[] damaged)
    {
        if (Directory.Exists(StorePath))
        {
            Directory.Delete(StorePath, recursive: true);
        }

        WithGenerations(4);
        Flip(OnDisk(1), -70);
        Flip(OnDisk(3), EntryOf(3, ChunkKind.Data).Offset + PackFormat.RecordHeaderBytes + 20);
        damaged = [.. new[] { OnDisk(1), OnDisk(3) }.Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
    }

    private RepairReport Repair(RepairOptions? options = null, IFileSystem? files = null)
        => CheckpointStore.Repair(StorePath, Options, NullLoggerFactory.Instance, options ?? _now, null, files ?? new LinuxFileSystem(), CancellationToken.None);

    // Generation n holds 10 pages that all share, and 20 of its own.
    private void WithGenerations(int count)
    {
        using var store = OpenStoreWithJob();
        for (var i = 1; i <= count; i++)
        {
            Write(store, i);
        }
    }

    private static void Write(CheckpointStore store, int number)
        => Commit(store, "job", null, content =>
        {
            content.Write(0, Noise(10 * Page, 1000));
            content.Write(1UL << 32, Noise(20 * Page, number));
        }, Noise(100, number));

    private static IEnumerable<byte> Expected(long number) => [.. Noise(10 * Page, 1000), .. Noise(20 * Page, (int)number)];

    private void AssertGenerations(long[] damaged, params long[] whole)
    {
        using var store = OpenStore();
        var report = store.Verify(null, null, CancellationToken.None);
        Assert.Equal(damaged.Select(Name), report.Damages.SelectMany(damage => damage.Generations).Distinct());
        Assert.Equal(whole.Concat(damaged).Order(), store.Generations("job").Select(record => record.Name.Number));
        Assert.All(whole, number => Assert.Equal(Expected(number), ReadPages(store, Name(number)).Values.SelectMany(page => page)));
        Assert.Equal(store.Context.PackTable.All().Select(pack => pack.Id.FileName).Order(StringComparer.Ordinal), PackFiles().Select(Path.GetFileName));
    }

    private string OnDisk(int generation)
    {
        using var store = OpenStore();
        return Path.Combine(Paths.Packs, store.Context.PackTable.All()[generation - 1].Id.FileName);
    }

    // The chunk that all generations share. Chunks come into a pack in the order in which they are compressed.
    private PackEntry SharedEntry()
    {
        using var store = OpenStore();
        return PackCopier.EntriesOf(store.Context, store.Context.PackTable.All()[0]).Single(entry => entry is { Kind: ChunkKind.Data, PlainBytes: 10 * Page });
    }

    private PackEntry EntryOf(int generation, ChunkKind kind)
    {
        using var store = OpenStore();
        return PackCopier.EntriesOf(store.Context, store.Context.PackTable.All()[generation - 1]).First(entry => entry.Kind == kind);
    }

    private static void Flip(string pack, long at)
    {
        using var file = File.Open(pack, FileMode.Open);
        file.Position = at < 0 ? file.Length + at : at;
        var old = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(old ^ 0x10));
    }
}
