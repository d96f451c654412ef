using Checkpointer.Store.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointer.Store.Tests.Index;

/// <summary>Directories that are no store, or not one that can be opened: the reason, a hint, and nothing changed.</summary>
[Trait("kind", "store")]
public sealed class BadStoreTests : StoreTest
{
    [Fact]
    public void NoFormatFile_IsNoStore()
    {
        Fails(StoreFailure.NoStore, () => Open());
        Directory.CreateDirectory(StorePath);
        Fails(StoreFailure.NoStore, () => Open());
    }

    [Fact]
    public void ForeignDirectory_IsRefused_AndLeftAlone()
    {
        Directory.CreateDirectory(StorePath);
        File.WriteAllText(Path.Combine(StorePath, "thesis.tex"), "x");

        var failure = Fails(StoreFailure.Failed, () => OpenStore());

        Assert.Contains("thesis.tex", failure.Message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFileSystemEntries(StorePath));
    }

    [Fact]
    public void PathThatIsAFile_IsRefused()
    {
        File.WriteAllText(StorePath, "x");
        Fails(StoreFailure.Failed, () => OpenStore());
        Assert.Equal("x", File.ReadAllText(StorePath));
    }

    [Fact]
    public void UnwritablePlace_IsNotPermitted()
        => Fails(StoreFailure.NotPermitted, () => CheckpointStore.OpenOrCreate("/sys/checkpointer", Options, NullLoggerFactory.Instance));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public void OtherFormat_IsUnsupported(int version)
    {
        OpenStore().Dispose();
        File.WriteAllText(Paths.Format, File.ReadAllText(Paths.Format).Replace("\"version\":4", $"\"version\":{version}", StringComparison.Ordinal));
        var failure = Fails(StoreFailure.UnsupportedVersion, () => Open());
        Assert.Contains($"version {version}", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("{\"magic\":\"other\",\"version\":4,\"store\":\"00000000000000000000000000000000\"}")]
    [InlineData("{\"magic\":\"checkpointer-store\",\"version\":\"1\",\"store\":\"00000000000000000000000000000000\"}")]
    [InlineData("{\"magic\":\"checkpointer-store\",\"version\":4,\"store\":null}")]
    [InlineData("{\"magic\":\"checkpointer-store\",\"version\":99999999999,\"store\":\"x\"}")]
    [InlineData("{\"magic\":\"checkpointer-store\",\"version\":0,\"store\":\"00000000000000000000000000000000\"}")]
    public void MalformedFormat_IsCorrupt(string text)
    {
        OpenStore().Dispose();
        File.WriteAllText(Paths.Format, text);
        Fails(StoreFailure.Corrupt, () => Open());
    }

    [Fact]
    public void NewerSchema_IsUnsupported()
    {
        OpenStore().Dispose();
        using (var connection = new SqliteConnection($"Data Source={Paths.Index};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "INSERT INTO __EFMigrationsHistory VALUES ('29990101000000_Future', '99.0')";
            command.ExecuteNonQuery();
        }

        var failure = Fails(StoreFailure.UnsupportedVersion, () => Open());
        Assert.Contains("29990101000000_Future", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    [InlineData(4096)]
    [InlineData(9000)]
    [InlineData(-1)]
    public void TruncatedIndex_IsCorrupt_AndTheHintMendsIt(int bytes)
    {
        var name = WriteOne();
        var whole = File.ReadAllBytes(Paths.Index);
        File.WriteAllBytes(Paths.Index, bytes < 0 ? whole[..^4096] : whole[..bytes]);

        var failure = Fails(StoreFailure.Corrupt, () => Open());

        Assert.Contains("index.db", failure.Hint!, StringComparison.Ordinal);
        DeleteIndex();
        using var store = OpenStore();
        Assert.Equal(8, ReadPages(store, name).Count);
    }

    [Fact]
    public void GarbageIndex_IsCorrupt()
    {
        WriteOne();
        File.WriteAllBytes(Paths.Index, Noise(20_000, 1));
        Assert.Contains("rebuilt", Fails(StoreFailure.Corrupt, () => Open()).Hint!, StringComparison.Ordinal);
    }

    [Fact]
    public void GarbageInsideTheIndex_IsCorrupt_WhenItIsMet_AndFoundByVerify()
    {
        var name = WriteOne();
        var bytes = File.ReadAllBytes(Paths.Index);
        for (var page = 1; page < bytes.Length / 4096; page++)
        {
            Noise(4096, page).CopyTo(bytes, page * 4096);
        }

        File.WriteAllBytes(Paths.Index, bytes);

        Fails(StoreFailure.Corrupt, () =>
        {
            using var store = Open();
            ReadPages(store, name);
        });
    }

    [Fact]
    public void MissingPacksDirectory_IsCorrupt()
    {
        WriteOne();
        Directory.Delete(Paths.Packs, recursive: true);
        Fails(StoreFailure.Corrupt, () => Open());
    }

    [Fact]
    public void MissingLiblz4_SaysWhatToInstall()
        => Assert.Equal("apt-get install liblz4-1", Fails(StoreFailure.Failed, () => Interop.Lz4Codec.Load("liblz4-absent.so.9")).Hint);

    private GenerationName WriteOne()
    {
        using var store = OpenStoreWithJob();
        return Commit(store, "job", null, content => content.Write(0, Noise(8 * Page, 1))).Name;
    }

    private CheckpointStore Open() => CheckpointStore.Open(StorePath, Options, NullLoggerFactory.Instance);
}
