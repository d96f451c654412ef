using Checkpointer.Store.Packs;
using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Maintenance;

/// <summary>Every byte of every pack of a small store, damaged one by one.</summary>
[Trait("kind", "store")]
public sealed class BitFlipTests : StoreTest
{
    private static readonly GenerationName _one = new("job", 1);
    private static readonly GenerationName _two = new("job", 2);

    [Fact]
    public void FlippedBit_AnywhereInAPack_IsFound_AndNamesWhatItSpoils()
    {
        WriteTwoGenerations();
        var seed = Seed(5);
        var random = new Random(seed);
        var bytesTried = 0;
        var sharedSpoils = 0;

        var packOfOne = PackOf(_one);
        using var store = OpenStore();
        foreach (var pack in PackFiles())
        {
            var owner = pack == packOfOne ? _one : _two;
            var bytes = File.ReadAllBytes(pack);
            for (var at = 0; at < bytes.Length; at++)
            {
                Flip(pack, bytes, at, 1 << random.Next(8));
                var report = store.Verify(null, null, CancellationToken.None);
                var spoiled = report.Damages.SelectMany(damage => damage.Generations).ToHashSet();
                Assert.True(spoiled.Contains(owner), $"SEED={seed} {owner}, byte {at} of {bytes.Length}: {string.Join("; ", report.Damages)}");
                Assert.Contains(Path.GetFileName(pack), string.Join(' ', report.Damages.Select(damage => damage.Where)), StringComparison.Ordinal);
                AssertAgrees(store, spoiled, $"SEED={seed} {owner}, byte {at}");
                sharedSpoils += spoiled.Count == 2 ? 1 : 0;
                Flip(pack, bytes, at, 0);
                bytesTried++;
            }
        }

        AssertSound(store);
        Assert.True(bytesTried > 1500 && sharedSpoils > 100, $"{bytesTried} bytes, {sharedSpoils} spoil both");
    }

    [Fact]
    public void TruncatedOrGrownPack_IsFound()
    {
        WriteTwoGenerations();
        var pack = PackOf(_two);
        var bytes = File.ReadAllBytes(pack);
        foreach (var length in Enumerable.Range(0, 40).Select(i => bytes.Length * i / 40))
        {
            File.WriteAllBytes(pack, bytes[..length]);
            AssertSpoils(_two);
        }

        File.WriteAllBytes(pack, [.. bytes, 0]);
        AssertSpoils(_two);
    }

    [Fact]
    public void MissingOrForeignPack_IsNamed_AndSpoilsItsGenerations()
    {
        WriteTwoGenerations();
        var (one, two) = (PackOf(_one), PackOf(_two));
        var bytes = File.ReadAllBytes(one);

        File.Delete(one);
        AssertSpoils(_one, _two);
        File.Copy(two, one);
        AssertSpoils(_one, _two);
        File.WriteAllBytes(one, bytes);

        using var store = OpenStore();
        AssertSound(store);
    }

    [Fact]
    public void Reading_DamagedChunk_NamesPackOffsetAndChunk()
    {
        WriteTwoGenerations();
        var pack = PackOf(_one);
        using var store = OpenStore();
        var data = store.Context.PackTable.ChunksIn(1).First(entry => entry.Kind == ChunkKind.Data);
        Flip(pack, File.ReadAllBytes(pack), (int)data.Offset + 70, 1);

        var exception = Assert.Throws<CorruptChunkException>(() => ReadPages(store, _one));

        Assert.Equal(data.Chunk.ToString(), exception.Chunk);
        Assert.Equal(data.Offset, exception.Offset);
        Assert.Contains(Path.GetFileName(pack), exception.Message, StringComparison.Ordinal);
        Assert.Equal(StoreFailure.Corrupt, exception.Reason);
    }

    [Fact]
    public void Verify_ReportsProgress_AndCanBeCancelled()
    {
        WriteTwoGenerations();
        using var store = OpenStore();
        using var cancellation = new CancellationTokenSource();
        var progress = new LastReport();

        var report = store.Verify(null, progress, cancellation.Token);

        Assert.Equal(PackFiles().Sum(file => new FileInfo(file).Length), report.Bytes);
        Assert.Equal(report.Bytes, progress.Value);
        Assert.Equal(2, report.Packs);
        Assert.Equal([_one, _two], report.Generations);
        cancellation.Cancel();
        Assert.Throws<OperationCanceledException>(() => store.Verify(null, null, cancellation.Token));
    }

    // Verify of one generation says "bad" exactly where verify of all names it, and what still reads is right.
    private static void AssertAgrees(CheckpointStore store, HashSet<GenerationName> spoiled, string what)
    {
        foreach (var name in (GenerationName[])[_one, _two])
        {
            var isBad = store.Verify(name, null, CancellationToken.None).Damages.Count > 0;
            Assert.True(isBad == spoiled.Contains(name), $"{what}: verify {name} says bad={isBad}");
            if (!isBad)
            {
                Assert.Equal(name == _one ? 48 : 32, ReadPages(store, name).Count);
            }
        }
    }

    private void AssertSpoils(params GenerationName[] expected)
    {
        using var store = OpenStore();
        var report = store.Verify(null, null, CancellationToken.None);
        Assert.Equal(expected, report.Damages.SelectMany(damage => damage.Generations).Distinct().OrderBy(name => name.Number));
        AssertAgrees(store, [.. expected], "file damage");
    }

    // The first has 48 pages in 3 windows that compress to little; the second replaces one window and drops another.
    private void WriteTwoGenerations()
    {
        using var store = OpenStoreWithJob();
        Commit(store, "job", null, content => content.Write(0, Striped(1, 48)), [1, 2, 3]);
        Commit(store, "job", _one, content =>
        {
            content.Write(0, Striped(2, 16));
            content.Clear(16 * Page, 16 * Page);
        });
    }

    private static byte[] Striped(int seed, int pages)
    {
        var bytes = new byte[pages * Page];
        for (var i = 0; i < pages; i++)
        {
            bytes.AsSpan(i * Page, Page).Fill((byte)(seed + (i / 16)));
        }

        return bytes;
    }

    private string PackOf(GenerationName name)
    {
        using var store = OpenStore();
        return Path.Combine(Paths.Packs, store.Context.PackTable.All()[(int)name.Number - 1].Id.FileName);
    }

    private static void Flip(string pack, byte[] original, int at, int mask)
    {
        using var file = File.OpenWrite(pack);
        file.Position = at;
        file.WriteByte((byte)(original[at] ^ mask));
    }

    private sealed class LastReport : IProgress<long>
    {
        public long Value { get; private set; }

        public void Report(long value) => Value = value;
    }
}
