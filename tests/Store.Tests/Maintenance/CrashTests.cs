using Checkpointer.Store.Packs;
using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Maintenance;

/// <summary>A writer that dies, or meets an error, at every step of its work, one by one.</summary>
[Trait("kind", "store")]
public class CrashTests : StoreTest
{
    private static readonly byte[] _first = HalfCompressible(64 * Page, 1);
    private static readonly byte[] _second = Noise(400 * Page, 2);

    public CrashTests()
    {
        Options.PackBytesMax = 1 << 20; // the second generation fills two packs
        Options.WriteBytes = 64 << 10; // with many writes each
    }

    [Theory]
    [InlineData(nameof(Fault.CrashKeepingUnsynced))]
    [InlineData(nameof(Fault.CrashLosingUnsynced))]
    public void Crash_AtEveryStep_LeavesEarlierGenerationsWhole(string faultName)
    {
        var fault = Enum.Parse<Fault>(faultName);
        var steps = StepsOfSecondGeneration();
        var adopted = 0;

        for (var step = 0; step < steps; step++)
        {
            var files = AttemptSecondGeneration(fault, step);
            Assert.True(files.HasFailed, $"step {step} of {steps} was not reached");
            adopted += AssertUsableAfterwards(step);
        }

        // Only a crash between the last rename and the transaction leaves a complete generation, and only if the name survives.
        Assert.True(fault == Fault.CrashLosingUnsynced ? adopted <= 1 : adopted == 1, $"{adopted} generations adopted");
    }

    [Fact]
    public void Crash_AtEveryStep_BesideAnOpenStore_IsSweptByItsNextWriter()
    {
        var steps = StepsOfSecondGeneration();
        var orphans = 0;
        for (var step = 0; step < steps; step++)
        {
            Restart();
            using var open = OpenStore();
            open.Begin("job", null).Dispose(); // it has looked
            Assert.IsType<StoreException>(Record.Exception(() =>
            {
                using var dying = OpenStore(new FaultyFileSystem(Fault.CrashKeepingUnsynced, step));
                WriteSecond(dying);
            }));
            orphans += PackFiles().Length > open.Context.PackTable.All().Count ? 1 : 0;

            WriteSecond(open);

            AssertNoOrphans(open);
            Assert.Equal(_first, ReadAll(open, 1));
            Assert.Equal(_second, ReadAll(open, open.Generations("job")[^1].Name.Number));
            AssertSound(open);
        }

        Assert.True(orphans > 5, $"{orphans} of {steps} crashes left packs");
    }

    [Fact]
    public void Crash_AfterTheCommit_LeavesTheGeneration_AndNothingElse()
    {
        var steps = StepsOfSecondGeneration();
        Restart();
        var files = new FaultyFileSystem(Fault.CrashKeepingUnsynced, steps);
        using (var dying = OpenStore(files))
        {
            WriteSecond(dying);
        }

        Assert.True(files.HasFailed);
        Assert.NotEmpty(Directory.GetFiles(Paths.Temporary));
        using var store = OpenStore();
        Assert.Equal(_second, ReadAll(store, 2));
        store.Begin("job", null).Dispose();
        AssertNoOrphans(store);
        AssertSound(store);
    }

    [Fact]
    public void Writer_OfAnOpenStore_LooksAtThePacks_OnlyOnce()
    {
        var files = new FaultyFileSystem(Fault.None);
        Restart();
        using var store = OpenStore(files);
        Assert.DoesNotContain(Paths.Packs, files.Listed);
        WriteSecond(store);
        Assert.Single(files.Listed, Paths.Packs);

        WriteSecond(store, seed: 3);

        Assert.Single(files.Listed, Paths.Packs);
    }

    [Fact]
    public void NoSpace_AtEveryStep_IsSaid_AndTheSameStoreGoesOn()
    {
        var steps = StepsOfSecondGeneration();
        for (var step = 0; step < steps; step++)
        {
            Restart();
            var files = new FaultyFileSystem(Fault.NoSpace, step);
            using var store = OpenSound(files, step);
            if (store is null)
            {
                continue;
            }

            var failure = Record.Exception(() => WriteSecond(store));
            if (files.HasFailed)
            {
                Assert.Equal(StoreFailure.Full, Assert.IsType<StoreException>(failure).Reason);
            }

            files.Mend();
            WriteSecond(store);
            AssertNoOrphans(store);
            Assert.Equal(_first, ReadAll(store, 1));
            Assert.Equal(_second, ReadAll(store, store.Generations("job")[^1].Name.Number));
            AssertSound(store);
        }
    }

    [Fact]
    public void InputOutputError_AtEveryStep_BreaksOnlyThisGeneration()
    {
        var steps = StepsOfSecondGeneration();
        for (var step = 0; step < steps; step++)
        {
            var files = AttemptSecondGeneration(Fault.InputOutputError, step);
            Assert.True(files.HasFailed, $"step {step} of {steps} was not reached");
            AssertUsableAfterwards(step);
        }
    }

    [Fact]
    public void BrokenWriter_SaysTheFirstFailure_OnEveryLaterCall()
    {
        Restart();
        var files = new FaultyFileSystem(Fault.NoSpace, 5);
        using var store = OpenStore(files);
        using var writer = store.Begin("job", null);
        using var content = writer.OpenContent("memory");
        var first = Assert.ThrowsAny<StoreException>(() =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                content.Write((ulong)i * 16 * Page, Noise(16 * Page, i));
            }
        });

        files.Mend();

        Assert.Same(first, Assert.ThrowsAny<StoreException>(() => content.Write(0, new byte[Page])));
        Assert.Same(first, Assert.ThrowsAny<StoreException>(() => content.Clear(0, Page)));
        Assert.Same(first, Assert.ThrowsAny<StoreException>(() => writer.PutImage("x", [1])));
        Assert.Same(first, Assert.ThrowsAny<StoreException>(() => writer.Commit(Summary)));
        Assert.Equal(StoreFailure.Full, first.Reason);
    }

    [Fact]
    public void ShortWrites_AreContinued()
    {
        Restart();
        using var store = OpenStore(new FaultyFileSystem(Fault.None, shortWrites: true));
        WriteSecond(store);
        Assert.Equal(_second, ReadAll(store, 2));
        AssertSound(store);
    }

    [Theory]
    [InlineData(nameof(Fault.CrashKeepingUnsynced))]
    [InlineData(nameof(Fault.CrashLosingUnsynced))]
    public void Crash_WhileCreatingTheStore_IsTakenUpAgain(string faultName)
    {
        var reached = 0;
        for (var step = 0; ; step++)
        {
            Wipe();
            var files = new FaultyFileSystem(Enum.Parse<Fault>(faultName), step);
            var failure = Record.Exception(() => OpenStore(files).Dispose());
            if (failure is null)
            {
                break;
            }

            reached++;
            Assert.Equal("simulated crash", Assert.IsType<StoreException>(failure).Message);
            using var store = OpenStoreWithJob();
            Commit(store, "job", null, content => content.Write(0, _first));
            Assert.Equal(_first, ReadAll(store, 1));
            AssertSound(store);
        }

        Assert.True(reached > 10, $"only {reached} steps");
    }

    [Fact]
    public void FullIndex_KeepsTheStore_AndRemovesThePacks()
    {
        Restart();
        using var store = OpenStore();
        store.Context.Index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA max_page_count = 1";
            return command.ExecuteNonQuery();
        });

        Fails(StoreFailure.Full, () =>
        {
            for (var i = 0; i < 50; i++)
            {
                WriteSecond(store, seed: i);
            }
        });

        AssertNoOrphans(store);
        AssertSound(store);
    }

    private int StepsOfSecondGeneration()
    {
        Restart();
        var files = new FaultyFileSystem(Fault.None);
        using var store = OpenStore(files);
        WriteSecond(store);
        Assert.True(files.Steps > 30, $"{files.Steps} steps");
        return files.Steps - 1; // the last one only clears the mark
    }

    private FaultyFileSystem AttemptSecondGeneration(Fault fault, int step)
    {
        Restart();
        var files = new FaultyFileSystem(fault, step);
        var failure = Record.Exception(() =>
        {
            using var store = OpenStore(files);
            WriteSecond(store);
        });
        Assert.True(failure is StoreException, $"step {step}: {failure}");
        return files;
    }

    // Returns how many generations came to be although their writer died.
    private int AssertUsableAfterwards(int step)
    {
        using var store = OpenStore();
        Assert.Equal(_first, ReadAll(store, 1));
        AssertSound(store);

        WriteSecond(store);

        var generations = store.Generations("job");
        Assert.All(generations.Skip(1), generation => Assert.Equal(_second, ReadAll(store, generation.Name.Number)));
        AssertNoOrphans(store);
        AssertSound(store);
        Assert.True(generations.Count is 2 or 3, $"step {step}: {generations.Count} generations");
        return generations.Count - 2;
    }

    private CheckpointStore? OpenSound(FaultyFileSystem files, int step)
    {
        try
        {
            return OpenStore(files);
        }
        catch (StoreException exception) when (exception.Reason == StoreFailure.Full)
        {
            Assert.True(step < 5, "only the first steps belong to the opening");
            return null;
        }
    }

    private static void WriteSecond(CheckpointStore store, int seed = 2)
        => Commit(
            store, "job", new GenerationName("job", 1),
            content => content.Write(1UL << 40, seed == 2 ? _second : Noise(40 * Page, seed)), [1, 2, 3]);

    private static byte[] ReadAll(CheckpointStore store, long number)
        => [.. ReadPages(store, new GenerationName("job", number))
            .Where(page => number == 1 || page.Key >= 1UL << 40).SelectMany(page => page.Value)];

    private void AssertNoOrphans(CheckpointStore store)
    {
        var known = store.Context.PackTable.All().Select(pack => pack.Id.FileName).Order(StringComparer.Ordinal);
        Assert.Equal(known, PackFiles().Select(Path.GetFileName));
        Assert.Empty(Directory.GetFiles(Paths.Temporary));
        Assert.All(known, name => Assert.True(PackId.TryParseFileName(name, out _)));
    }

    // A store with one generation, made once and copied.
    private void Restart()
    {
        var template = Path.Combine(Root, "template");
        if (!Directory.Exists(template))
        {
            Wipe();
            using (var store = OpenStoreWithJob())
            {
                Commit(store, "job", null, content => content.Write(0, _first));
            }

            Directory.Move(StorePath, template);
        }

        Wipe();
        foreach (var directory in Directory.GetDirectories(template).Prepend(template))
        {
            Directory.CreateDirectory(directory.Replace(template, StorePath, StringComparison.Ordinal));
        }

        foreach (var file in Directory.GetFiles(template, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, file.Replace(template, StorePath, StringComparison.Ordinal));
        }
    }

    private void Wipe()
    {
        if (Directory.Exists(StorePath))
        {
            Directory.Delete(StorePath, recursive: true);
        }
    }
}
