using Checkpointer.Store.Files;
using Checkpointer.Store.Interop;
using Checkpointer.Store.Maintenance;
using Checkpointer.Store.Packs;
using Checkpointer.Store.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Tests.Maintenance;

/// <summary>Garbage goes, everything else stays, whatever goes on beside the collection or kills it.</summary>
[Trait("kind", "store")]
public sealed class CollectTests : StoreTest
{
    private static readonly CollectOptions _all = new(false, 0.000001, TimeSpan.Zero);

    [Fact]
    public void Nothing_IsDone_WhereNothingIsDead()
    {
        using var store = WithGenerations(3);
        var before = PackFiles();

        var report = Collect(store);

        Assert.Equal((3, 0, 0, 0L), (report.Generations, report.DroppedPacks, report.RepackedPacks, report.DeadBytes));
        Assert.Equal(before, PackFiles());
    }

    [Fact]
    public void DryRun_ChangesNothing_AndSaysWhatWouldBeDone()
    {
        using var store = WithGenerations(3);
        store.Forget([Name(1), Name(2)]);
        var before = PackFiles();

        var foreseen = store.Collect(_all with { IsDryRun = true }, null, CancellationToken.None);

        Assert.Equal(before, PackFiles());
        var done = Collect(store);
        Assert.Equal((foreseen.DroppedPacks, foreseen.RepackedPacks, foreseen.CopiedBytes, foreseen.DeadBytes), (done.DroppedPacks, done.RepackedPacks, done.CopiedBytes, done.DeadBytes));
        Assert.Equal((1, 1), (done.DroppedPacks, done.RepackedPacks)); // the first holds what all share
        Assert.True(done.FreedBytes > 19 * Page, $"{done.FreedBytes} bytes freed");
    }

    [Fact]
    public void Garbage_IsGone_AndASecondCollectionFindsNone()
    {
        using var store = WithGenerations(6);
        store.Forget([Name(1), Name(3), Name(4), Name(6)]);

        Collect(store);
        var second = Collect(store);

        Assert.Equal(0, second.DeadBytes);
        Assert.Equal(0, second.DroppedPacks + second.RepackedPacks);
        AssertGenerations(store, 2, 5);
        AssertNoOrphans(store);
    }

    [Fact]
    public void AllForgotten_LeavesNothingButTheLedger()
    {
        using var store = WithGenerations(3);
        store.Forget([Name(1), Name(2), Name(3)]);

        Collect(store);

        Assert.True(Assert.Single(store.Context.PackTable.All()).IsLedger);
        AssertNoOrphans(store);
        Assert.Equal(4, Commit(store, "job", null, content => content.Write(0, Noise(Page, 9))).Name.Number);
    }

    [Fact]
    public void RebuiltIndex_KnowsWhatWasForgotten_Moved_Pinned_AndNumbered()
    {
        string before;
        using (var store = WithGenerations(6))
        {
            store.Register(JobNamed("other"));
            Commit(store, "other", null, content => content.Write(0, Noise(3 * Page, 77)));
            store.Forget([Name(1), Name(3), Name(6), new GenerationName("other", 1)]);
            store.Pin(Name(4), "why");

            // Half of the dead stays with its packs, the manifests of generations that were forgotten among it.
            store.Collect(_all with { RepackShare = 0.6 }, null, CancellationToken.None);
            before = Describe(store);
        }

        DeleteIndex();

        using var rebuilt = OpenStore();
        Assert.Equal(before, Describe(rebuilt));
        AssertGenerations(rebuilt, 2, 4, 5);
        Assert.Equal((true, "why"), (rebuilt.Generations("job")[1].IsPinned, rebuilt.Generations("job")[1].Note));
        Assert.Equal(7, Commit(rebuilt, "job", null, content => content.Write(0, Noise(Page, 9))).Name.Number);
        rebuilt.Register(JobNamed("other"));
        Assert.Equal(2, Commit(rebuilt, "other", null, content => content.Write(0, Noise(Page, 9))).Name.Number);
        AssertNoOrphans(rebuilt);
    }

    [Fact]
    public void IndexFromBeforeACollection_IsRefused_AndRebuiltWhenDeleted()
    {
        byte[] backup;
        using (WithGenerations(4))
        {
        }

        backup = File.ReadAllBytes(Paths.Index);
        using (var store = OpenStore())
        {
            store.Forget([Name(1), Name(2)]);
            Collect(store);
            store.Forget([Name(3)]);
            Collect(store); // the ledger does not name what the first one dropped any more
        }

        File.WriteAllBytes(Paths.Index, backup);
        using (var old = OpenStore())
        {
            Fails(StoreFailure.Corrupt, () => old.Begin("job", null));
        }

        DeleteIndex();
        using var rebuilt = OpenStore();
        AssertGenerations(rebuilt, 4);
    }

    [Fact]
    public void ManySmallPacks_ArePutTogether()
    {
        using var store = OpenStoreWithJob();
        for (var i = 0; i < 66; i++)
        {
            Commit(store, "job", null, content => content.Write(0, Noise(Page, i)));
        }

        var report = Collect(store);

        Assert.Equal((66, 0L), (report.RepackedPacks, report.DeadBytes));
        Assert.Equal(2, PackFiles().Length);
        Assert.All(Enumerable.Range(0, 66), i => Assert.Equal(Noise(Page, i), ReadPages(store, Name(i + 1))[0]));
        AssertSound(store);
    }

    [Fact]
    public void Rounds_AreSmall_WhereTheyAreAskedToBe()
    {
        Options.CollectChunksMax = 30;
        using var store = WithGenerations(8);
        store.Forget([Name(2), Name(4), Name(5), Name(7)]);

        Collect(store);

        Assert.Equal(0, Collect(store).DeadBytes);
        AssertGenerations(store, 1, 3, 6, 8);
        AssertNoOrphans(store);
    }

    [Fact]
    public void SecondCollection_AtTheSameTime_IsLocked()
    {
        using var store = WithGenerations(1);
        using (FileLock.TryExclusive(Paths.CollectLock))
        {
            Assert.Contains("already", Fails(StoreFailure.Locked, () => Collect(store)).Message, StringComparison.Ordinal);
        }

        Collect(store);
    }

    [Fact]
    public void RunningDump_OrReader_HoldsItUp_AndNothingIsChanged()
    {
        using var store = WithGenerations(3);
        store.Forget([Name(1)]);
        var before = PackFiles();
        using (store.Begin("job", null))
        {
            Assert.Contains($"dumped by process {Environment.ProcessId},", Fails(StoreFailure.Locked, () => Collect(store)).Message, StringComparison.Ordinal);
        }

        using (store.OpenGeneration(Name(2)))
        {
            Assert.Contains($"being read by process {Environment.ProcessId},", Fails(StoreFailure.Locked, () => Collect(store)).Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, PackFiles());
        Collect(store);
        AssertGenerations(store, 2, 3);
        AssertNoOrphans(store);
    }

    // Single pages: a row of the index each.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheIndex_ShrinksWithThePacks_BesideAReader(bool isEncrypted)
    {
        const int pages = 25_000;
        if (isEncrypted)
        {
            UseKeyFile();
        }

        using var store = OpenStoreWithJob();
        Commit(store, "job", null, content =>
        {
            var page = new byte[Page];
            for (var i = 1; i <= pages; i++)
            {
                BitConverter.TryWriteBytes(page, i);
                content.Write((ulong)i * 2 * Page, page);
            }
        });
        var second = Commit(store, "job", null, content => content.Write(0, Noise(Page, 1))).Name;
        using var reader = OpenStore();
        Assert.Equal(2, reader.Generations("job").Count);
        var before = new FileInfo(Paths.Index).Length;

        store.Forget([Name(1)]);
        Collect(store);

        Assert.InRange(new FileInfo(Paths.Index).Length, 1, before / 4);
        Assert.Equal([second], reader.Generations("job").Select(record => record.Name));
        Assert.Single(ReadPages(reader, second));
        AssertSound(reader);
    }

    [Fact]
    public void DumpMeanwhile_ThatNeedsWhatWasDead_KeepsIt()
    {
        using var store = WithGenerations(3);
        store.Register(JobNamed("other"));
        store.Forget([Name(1)]);
        GenerationName? again = null;

        // Once live chunks are copied the marks are made; now the same bytes come again and are found stored.
        var report = store.Collect(
            _all,
            new Immediately(_ => again ??= Commit(store, "other", null, content => content.Write(1UL << 30, Noise(20 * Page, 1))).Name),
            CancellationToken.None);

        Assert.Equal(1, report.PostponedPacks);
        AssertGenerations(store, 2, 3);
        Assert.Equal<IEnumerable<byte>>(Noise(20 * Page, 1), ReadPages(store, again!.Value).Values.SelectMany(page => page));
        Collect(store);
        AssertSound(store);
    }

    [Fact]
    public void ForgottenMeanwhile_StaysForgotten_AlsoInARebuiltIndex()
    {
        using (var store = WithGenerations(4))
        {
            store.Forget([Name(1)]);
            store.Collect(_all, new Immediately(_ => store.Forget([Name(3)])), CancellationToken.None);
            AssertGenerations(store, 2, 4);
        }

        DeleteIndex();
        using var rebuilt = OpenStore();
        AssertGenerations(rebuilt, 2, 4);
    }

    [Fact]
    public void Cancelled_ChangesNothing()
    {
        using var store = WithGenerations(3);
        store.Forget([Name(1)]);
        var before = PackFiles();
        using var cancel = new CancellationTokenSource();

        Assert.ThrowsAny<OperationCanceledException>(() => store.Collect(_all, new Immediately(_ => cancel.Cancel()), cancel.Token));

        Assert.Equal(before, PackFiles());
        Collect(store);
        AssertGenerations(store, 2, 3);
    }

    [Fact]
    public void DamagedMap_StopsTheCollection_BeforeAnythingIsRemoved()
    {
        using (var store = WithGenerations(3))
        {
            store.Forget([Name(1)]);
        }

        DamageChunk(ChunkKind.Segment, Name(3));
        var before = PackFiles();
        using var damaged = OpenStore();

        var failure = Fails(StoreFailure.Corrupt, () => Collect(damaged));

        Assert.Contains("job/3 is damaged", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, PackFiles());
        damaged.Forget([Name(3)]);
        Collect(damaged);
        AssertGenerations(damaged, 2);
    }

    [Fact]
    public void DamagedLiveChunk_KeepsItsPack()
    {
        using (var store = WithGenerations(3))
        {
            store.Forget([Name(1)]);
        }

        DamageChunk(ChunkKind.Data, Name(1)); // the first pack holds what all share
        using var damaged = OpenStore();

        var report = Collect(damaged);

        Assert.Single(report.DamagedPacks);
        Assert.Contains(PackFiles(), path => path.EndsWith(report.DamagedPacks[0], StringComparison.Ordinal));
        AssertNoOrphans(damaged);
    }

    [Theory]
    [InlineData(nameof(Fault.CrashKeepingUnsynced))]
    [InlineData(nameof(Fault.CrashLosingUnsynced))]
    [InlineData(nameof(Fault.InputOutputError))]
    [InlineData(nameof(Fault.NoSpace))]
    public void Fault_AtEveryStep_LosesNothing_AndBringsNothingBack(string faultName)
    {
        Options.WriteBytes = 64 << 10;
        Options.CollectChunksMax = 1; // a round for each pack
        Prepare();
        var counted = new FaultyFileSystem(Fault.None);
        CollectWith(counted);
        Assert.True(counted.Steps > 25, $"{counted.Steps} steps");
        for (var step = 0; step < counted.Steps; step++)
        {
            Prepare();

            // One that is open all along, and looked before, must see that the collection died.
            var open = step % 3 == 1 ? OpenStore() : null;
            open?.Begin("job", null).Dispose();
            var files = new FaultyFileSystem(Enum.Parse<Fault>(faultName), step);
            var failure = Record.Exception(() => CollectWith(files));
            Assert.True(failure is null or StoreException, $"step {step}: {failure}");

            if (step % 3 == 0)
            {
                LoseIndex();
            }

            using var store = open ?? OpenStore();
            AssertGenerations(store, 2, 4, 6);
            var next = Commit(store, "job", Name(6), content => content.Write(0, Noise(Page, 99))).Name;
            Assert.Equal(open is null ? 7 : 8, next.Number);
            AssertNoOrphans(store);
            Collect(store);
            Assert.Equal(0, Collect(store).DeadBytes);
            AssertGenerations(store, 2, 4, 6, next.Number);
            AssertNoOrphans(store);
        }
    }

    [Fact]
    public void RandomForgetting_OfIncrements_LeavesEveryOtherGenerationWhole()
    {
        var seed = Seed(20261122);
        var random = new Random(seed);
        Options.PackBytesMax = 1 << 20;
        var model = new PageModel(3000, seed);
        var models = new Dictionary<long, PageModel>();
        using var store = OpenStoreWithJob();
        Commit(store, "job", null, model.WriteAll);
        models.Add(1, model.Copy());
        for (var round = 0; round < 60; round++)
        {
            var latest = models.Keys.Max();
            var name = Commit(store, "job", Name(latest), content =>
            {
                model.Write(content, model.Touch(40));
                foreach (var page in model.Clear(3))
                {
                    content.Clear((ulong)page * Page, Page);
                }
            }).Name;
            models.Add(name.Number, model.Copy());
            GenerationName[] unwanted = [.. models.Keys.Where(number => number != name.Number && random.Next(4) == 0).Select(Name)];
            store.Forget(unwanted);
            Array.ForEach(unwanted, gone => models.Remove(gone.Number));
            if (round % 7 == 6)
            {
                store.Collect(_all with { RepackShare = random.Next(2) == 0 ? 0.5 : 0.000001 }, null, CancellationToken.None);
                Assert.Equal(models.Keys.Order(), store.Generations("job").Select(record => record.Name.Number));
                Assert.All(models, pair => pair.Value.AssertReadsBack(store, Name(pair.Key)));
            }
        }

        Collect(store);
        Assert.Equal(0, Collect(store).DeadBytes);
        AssertSound(store);
        AssertNoOrphans(store);
    }

    [Fact]
    public void Marks_Take4BytesAndAQuarter_PerChunk()
    {
        const int chunks = 200_000;
        const int perPack = 50_000;
        using var store = OpenStoreWithJob();
        store.Context.Index.Run(connection => Fill(connection, chunks, perPack));

        var marks = ChunkMarks.Load(store.Context, store.Context.PackTable.All(), CancellationToken.None);

        Assert.InRange(marks.Bytes / (double)chunks, 4, 4.26);
        Assert.False(marks.IsLive(1, 64));
    }

    private static int Fill(SqliteConnection connection, int chunks, int perPack)
    {
        using var transaction = connection.BeginTransaction();
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText =
            """
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $packs)
            INSERT INTO packs (id, pack_id, bytes, chunks, trailer_hash) SELECT i + 1, randomblob(16), 1 << 28, $per, randomblob(32) FROM n;
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $chunks)
            INSERT INTO chunks (chunk_id, pack, offset, stored_bytes, plain_bytes, kind, codec)
            SELECT randomblob(32), i / $per + 1, 64 + (i % $per) * 4160, 4096, 4096, 1, 0 FROM n;
            """;
        command.Parameters.AddWithValue("$chunks", chunks);
        command.Parameters.AddWithValue("$per", perPack);
        command.Parameters.AddWithValue("$packs", chunks / perPack);
        command.ExecuteNonQuery();
        transaction.Commit();
        return chunks;
    }

    private static GenerationName Name(long number) => new("job", number);

    private static CollectReport Collect(CheckpointStore store) => store.Collect(_all, null, CancellationToken.None);

    // Generation n holds 10 pages that all share, and 20 of its own.
    private CheckpointStore WithGenerations(int count)
    {
        var store = OpenStoreWithJob();
        for (var i = 1; i <= count; i++)
        {
            Write(store, i);
        }

        return store;
    }

    private static void Write(CheckpointStore store, int number)
        => Commit(store, "job", null, content =>
        {
            content.Write(0, Noise(10 * Page, 1000));
            content.Write(1UL << 32, Noise(20 * Page, number));
        }, Noise(100, number));

    private void AssertGenerations(CheckpointStore store, params long[] numbers)
    {
        Assert.Equal(numbers, store.Generations("job").Select(record => record.Name.Number));
        Assert.All(numbers.Where(number => number < 7), number =>
            Assert.Equal<IEnumerable<byte>>(
                [.. Noise(10 * Page, 1000), .. Noise(20 * Page, (int)number)], ReadPages(store, Name(number)).Values.SelectMany(page => page)));
        AssertSound(store);
        Assert.NotEmpty(PackFiles());
    }

    private void AssertNoOrphans(CheckpointStore store)
    {
        Assert.Equal(store.Context.PackTable.All().Select(pack => pack.Id.FileName).Order(StringComparer.Ordinal), PackFiles().Select(Path.GetFileName));
        Assert.Empty(Directory.GetFiles(Paths.Temporary));
    }

    private static string Describe(CheckpointStore store)
        => string.Join('\n', store.Generations("job").Concat(store.Generations("other")).Select(record => record.ToString())
            .Concat(store.Context.PackTable.All().OrderBy(row => row.Id).Select(row => $"{row.Id} {row.Bytes} {row.Chunks} {row.IsLedger}"))
            .Concat(store.Context.Jobs.NextNumbers().Order().Select(number => number.ToString())));

    // Six generations of which three are forgotten, the last with the others' chains.
    private void Prepare()
    {
        if (Directory.Exists(StorePath))
        {
            Directory.Delete(StorePath, recursive: true);
        }

        using var store = WithGenerations(6);
        store.Forget([Name(1), Name(3), Name(5)]);
    }

    // The crash took the index, too. Before the first ledger, nothing but the index knows what was forgotten: it comes back, as whole as it was.
    private void LoseIndex()
    {
        DeleteIndex();
        using var store = OpenStore();
        AssertGenerations(store, [.. store.Generations("job").Select(record => record.Name.Number)]);
        store.Forget([Name(1), Name(3), Name(5)]);
    }

    private void CollectWith(IFileSystem files)
    {
        using var store = OpenStore(files);
        Collect(store);
    }

    private void DamageChunk(ChunkKind kind, GenerationName generation)
    {
        string pack;
        PackEntry entry;
        using (var store = OpenStore())
        {
            var row = store.Context.PackTable.All()[(int)generation.Number - 1];
            pack = Path.Combine(Paths.Packs, row.Id.FileName);
            entry = PackCopier.EntriesOf(store.Context, row).First(found => found.Kind == kind);
        }

        using var file = File.Open(pack, FileMode.Open);
        file.Position = entry.Offset + PackFormat.RecordHeaderBytes + 20;
        var old = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(old ^ 0x10));
    }

    private sealed class Immediately(Action<long> act) : IProgress<long>
    {
        public void Report(long value) => act(value);
    }
}
