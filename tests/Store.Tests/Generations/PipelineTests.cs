using System.Globalization;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Generations;

/// <summary>The producer, the workers and the thread that writes, when one of them cannot go on, and how they run.</summary>
[Trait("kind", "store")]
public sealed class PipelineTests : StoreTest
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public void FullDisk_WhileTheProducerWaitsForABuffer_WakesItWithTheFailure()
    {
        Options.WriteBytes = 1 << 20;
        var files = new FaultyFileSystem(Fault.NoSpace, StepsOfOpening() + 3);
        using var store = OpenStore(files);
        store.Register(JobNamed("job"));
        var writer = store.Begin("job", null);
        var isFull = false;
        Exception? failure = null;

        // Only the failure can wake it: nothing is written while this is waited for, so no buffer comes back.
        files.BeforeFailure = () => isFull = SpinWait.SpinUntil(() => writer.Buffers == ChunkPipeline.BuffersMax && writer.IsProducerWaiting, _deadline);
        var producer = new Thread(() => failure = Record.Exception(() => WriteNoise(writer, 4096)));
        producer.Start();

        Assert.True(producer.Join(2 * _deadline), "the producer still waits");
        Assert.True(isFull, "the producer never had to wait");
        Assert.Equal(StoreFailure.Full, Assert.IsType<StoreException>(failure).Reason);
        Assert.Same(failure, Record.Exception(() => writer.Commit(Summary)));
        writer.Dispose();
        files.Mend();
        Commit(store, "job", null, content => content.Write(0, Noise(64 * Page, 1)));
        Assert.Empty(Directory.GetFiles(Paths.Temporary));
        AssertSound(store);
    }

    [Fact]
    public void Threads_TakeTheNiceLevel_AndTheProducerKeepsItsOwn()
    {
        Options.Nice = 7;
        using var store = OpenStoreWithJob();
        using var writer = store.Begin("job", null);
        writer.PutImage("image", [1]);

        Assert.True(
            SpinWait.SpinUntil(() => NiceLevels("store ") is { Count: 3 } levels && levels.All(level => level == 7), _deadline),
            string.Join(' ', NiceLevels("store ")));
        Assert.DoesNotContain(7, NiceLevels("", "/proc/thread-self"));
    }

    [Fact]
    public void PagesFilledInPlace_AreStoredLikeCopies()
    {
        var memory = Noise(70 * Page, 1);
        memory.AsSpan(20 * Page, 30 * Page).Clear();
        using var store = OpenStoreWithJob();
        const ulong start = 5 * Page;

        var copied = Commit(store, "job", null, content => content.Write(start, memory));
        var filled = Commit(store, "job", null, content => content.Write(start, memory.Length, (offset, target) =>
            memory.AsSpan((int)(offset - start), target.Length).CopyTo(target)));

        Assert.Equal(ReadPages(store, copied.Name), ReadPages(store, filled.Name));
        Assert.InRange(filled.NewBytes, 1, 2000);
    }

    [Fact]
    public void FillerThatThrows_LeavesTheGenerationUsable()
    {
        using var store = OpenStoreWithJob();
        var record = Commit(store, "job", null, content =>
        {
            Assert.Throws<InvalidDataException>(() => content.Write(0, 32 * Page, (offset, target) =>
            {
                target.Fill(1);
                if (offset > 0)
                {
                    throw new InvalidDataException();
                }
            }));
            content.Write(1UL << 30, Noise(Page, 1));
        });

        Assert.Equal(17, ReadPages(store, record.Name).Count);
    }

    [Fact]
    public void ManyChanges_GoThroughTheScratchFile_WhichIsGoneAfterwards()
    {
        Options.ChangesMax = 100;
        var memory = new PageModel(4096, 1);
        using var store = OpenStoreWithJob();
        var first = Commit(store, "job", null, memory.WriteAll);

        using var writer = store.Begin("job", first.Name);
        using var content = writer.OpenContent("memory");
        memory.Write(content, memory.Touch(1000));

        Assert.Single(Directory.GetFiles(Paths.Temporary, "changes-*"));
        var record = writer.Commit(Summary);
        writer.Dispose();
        Assert.Empty(Directory.GetFiles(Paths.Temporary));
        memory.AssertReadsBack(store, record.Name);
    }

    private int StepsOfOpening()
    {
        var files = new FaultyFileSystem(Fault.None);
        OpenStore(files).Dispose();
        return files.Steps;
    }

    private static void WriteNoise(GenerationWriter writer, int windows)
    {
        using var content = writer.OpenContent("memory");
        for (var i = 0; i < windows; i++)
        {
            content.Write((ulong)i * 16 * Page, Noise(16 * Page, i));
        }
    }

    // Field 19 of /proc/PID/task/TID/stat, the 17th after the name in parentheses.
    private static List<int> NiceLevels(string name, string only = "")
        => [.. (only.Length > 0 ? [only] : Directory.GetDirectories("/proc/self/task"))
            .Select(StatOf)
            .Where(stat => stat.Contains($"({name}", StringComparison.Ordinal))
            .Select(stat => int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], CultureInfo.InvariantCulture))];

    /// <summary>Empty for a thread that has ended since it was listed.</summary>
    private static string StatOf(string task)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "stat"));
        }
        catch (IOException)
        {
            return "";
        }
    }
}
