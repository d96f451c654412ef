using System.Globalization;
using Checkpointer.Store.Files;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Interop;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointer.Store.Tests.Support;

/// <summary>Base of the store's tests: a directory of its own, and short words for the usual steps.</summary>
public abstract class StoreTest : IDisposable
{
    public const int Page = 4096;

    /// <param name="onDisk">Whether fsync shall be the real thing. The others use memory where there is some: they commit thousands
    /// of times, and what a power failure takes is simulated by <see cref="FaultyFileSystem"/> anyway.</param>
    protected StoreTest(bool onDisk = false)
    {
        const string memory = "/dev/shm";
        Root = !onDisk && Directory.Exists(memory)
            ? Directory.CreateDirectory(Path.Combine(memory, $"checkpointer-store-{Guid.NewGuid():N}")).FullName
            : Directory.CreateTempSubdirectory("checkpointer-store-").FullName;
        StorePath = Path.Combine(Root, "store");
    }

    protected string Root { get; }

    protected string StorePath { get; }

    internal StorePaths Paths => new(StorePath);

    protected StoreOptions Options { get; } = new() { Workers = 2 };

    public static GenerationSummary Summary { get; } = new("full", "compare", "copy", 100, 1, 3, 12345, 6789);

    public static JobRecord JobNamed(string name)
        => new(name, 4711, ulong.MaxValue - 5, "boot", "sleep 1000", DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), true);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    internal CheckpointStore OpenStore(IFileSystem? files = null, TimeProvider? time = null)
        => CheckpointStore.OpenOrCreate(StorePath, Options, NullLoggerFactory.Instance, files ?? new LinuxFileSystem(), time ?? TimeProvider.System);

    internal CheckpointStore OpenStoreWithJob(string job = "job")
    {
        var store = OpenStore();
        store.Register(JobNamed(job));
        return store;
    }

    /// <summary>From now on, what is created is encrypted, with a key file of its own.</summary>
    protected void UseKeyFile()
    {
        Options.KeyFile = Path.Combine(Root, "store.key");
        StoreSecret.CreateFile(Options.KeyFile);
    }

    /// <summary>Commits a generation of one image and one content.</summary>
    public static GenerationRecord Commit(CheckpointStore store, string job, GenerationName? based, Action<ContentWriter> write, byte[]? image = null)
    {
        using var writer = store.Begin(job, based);
        if (image is not null)
        {
            writer.PutImage("image", image);
        }

        using (var content = writer.OpenContent("memory"))
        {
            write(content);
        }

        return writer.Commit(Summary);
    }

    /// <summary>Reads a content, page by page, by offset.</summary>
    public static SortedDictionary<ulong, byte[]> ReadPages(CheckpointStore store, GenerationName name, string content = "memory")
    {
        using var reader = store.OpenGeneration(name);
        var pages = new SortedDictionary<ulong, byte[]>();
        ulong last = 0;
        reader.ReadContent(content, (offset, bytes) =>
        {
            Assert.True(pages.Count == 0 || offset > last, "visited out of order");
            for (var at = 0; at < bytes.Length; at += Page)
            {
                last = offset + (ulong)at;
                pages.Add(last, bytes.Slice(at, Page).ToArray());
            }
        });
        return pages;
    }

    /// <summary>Bytes that look like floating-point memory: half noise, half structure.</summary>
    public static byte[] HalfCompressible(int length, int seed)
    {
        var bytes = new byte[length];
        var random = new Random(seed);
        random.NextBytes(bytes);
        for (var i = 0; i < length; i += 8)
        {
            bytes.AsSpan(i + 4, 4).Fill((byte)(seed + 1));
        }

        return bytes;
    }

    public static byte[] Noise(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>The seed of a randomized test: SEED= from the environment, else a fixed one.</summary>
    public static int Seed(int fallback)
        => int.TryParse(Environment.GetEnvironmentVariable("SEED"), NumberStyles.Integer, CultureInfo.InvariantCulture, out var seed) ? seed : fallback;

    internal static void AssertSound(CheckpointStore store)
    {
        var report = store.Verify(null, null, CancellationToken.None);
        Assert.Empty(report.Damages);
    }

    internal static StoreException Fails(StoreFailure reason, Action action)
    {
        var exception = Assert.ThrowsAny<StoreException>(action);
        Assert.True(exception.Reason == reason, $"expected {reason}, got {exception}");
        return exception;
    }

    protected string[] PackFiles() => [.. Directory.GetFiles(Path.Combine(StorePath, "packs")).Order(StringComparer.Ordinal)];

    protected void DeleteIndex()
    {
        foreach (var file in Directory.GetFiles(StorePath, "index.db*"))
        {
            File.Delete(file);
        }
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            Directory.Delete(Root, recursive: true);
        }
    }
}
