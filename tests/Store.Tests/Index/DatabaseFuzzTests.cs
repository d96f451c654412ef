using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Index;

/// <summary>Indexes with bytes that somebody changed. SQLite keeps no checksums, so a result may be wrong; but it ends, in a result or a <see cref="StoreException"/>, and no
/// pack of a committed generation is removed, so that a rebuilt index has them all. SEED= repeats, CHECKPOINTER_ROUNDS= asks for more.</summary>
[Trait("kind", "store")]
public sealed class DatabaseFuzzTests : StoreTest
{
    private const int PageBytes = 4096;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ChangedBytes_EndInAResultOrAnError_AndCostNoPack(bool isEncrypted)
    {
        if (isEncrypted)
        {
            UseKeyFile();
        }

        var seed = Seed(31);
        var random = new Random(seed);
        var rounds = int.TryParse(Environment.GetEnvironmentVariable("CHECKPOINTER_ROUNDS"), out var asked) ? asked : 150;
        Fill();
        var index = File.ReadAllBytes(Paths.Index);
        var packs = PackFiles();
        var failures = 0;
        for (var i = 0; i < rounds; i++)
        {
            DeleteIndex();
            File.WriteAllBytes(Paths.Index, Mutate(random, index));
            var failure = Record.Exception(Use);
            Assert.True(failure is null or StoreException, $"SEED={seed} round {i}: {failure}");
            Assert.All(packs, pack => Assert.True(File.Exists(pack), $"SEED={seed} round {i} removed {pack}"));
            Array.ForEach([.. PackFiles().Except(packs)], File.Delete);
            failures += failure is null ? 0 : 1;
        }

        Assert.InRange(failures, 1, isEncrypted ? rounds : rounds - 1);
        DeleteIndex();
        using var rebuilt = OpenStore();
        Assert.Equal(4, rebuilt.Generations("a").Count);
        AssertSound(rebuilt);
    }

    private void Fill()
    {
        using var store = OpenStoreWithJob("a");
        store.Register(JobNamed("b"));
        GenerationName? based = null;
        for (var i = 0; i < 4; i++)
        {
            based = Commit(store, "a", based, content => content.Write((ulong)i << 20, Noise(60 * Page, i)), Noise(100, i)).Name;
        }

        store.Pin(based!.Value, "why");
    }

    // What commands do with a store, one after the other; the first that fails ends it.
    private void Use()
    {
        using var store = OpenStore();
        foreach (var job in store.Jobs())
        {
            foreach (var record in store.Generations(job.Name))
            {
                using var reader = store.OpenGeneration(record.Name);
                reader.ReadContent("memory", (_, _) => { });
            }
        }

        store.Statistics();
        store.Proofs();
        store.Verify(null, null, CancellationToken.None);
        store.Collect(new CollectOptions(true, 0.5, TimeSpan.Zero), null, CancellationToken.None);
        Commit(store, "a", null, content => content.Write(0, Noise(3 * Page, 1)));
    }

    private static byte[] Mutate(Random random, byte[] whole)
    {
        var bytes = (byte[])whole.Clone();
        for (var changes = random.Next(1, 6); changes > 0; changes--)
        {
            var at = random.Next(4) == 0 ? random.Next(PageBytes) : random.Next(bytes.Length);
            switch (random.Next(3))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                default:
                    bytes.AsSpan(at, Math.Min(random.Next(1, 40), bytes.Length - at)).Fill((byte)(random.Next(2) * 0xff));
                    break;
            }
        }

        return random.Next(20) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
    }
}
