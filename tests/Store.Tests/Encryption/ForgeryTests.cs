using Checkpointer.Store.Chunking;
using Checkpointer.Store.Encryption;
using Checkpointer.Store.Interop;
using Checkpointer.Store.Packs;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointer.Store.Tests.Encryption;

/// <summary>Records, packs and pages of the index that somebody without the key exchanged, changed or cut, checksums made right again: nothing of it is taken.</summary>
[Trait("kind", "store")]
public sealed class ForgeryTests : EncryptedStoreTest
{
    private const int Block = BlockFile.PageBytes + CipherSet.OverheadBytes;
    private static readonly byte[] _master = Noise(32, 1);

    [Fact]
    public void ARecord_OpensUnderItsOwnHeaderOnly()
    {
        using var cipher = new StoreCipher(_master);
        var (header, record) = Encode(cipher, HalfCompressible(Page, 1), ChunkKind.Data);
        var payload = record[PackFormat.RecordHeaderBytes..];
        var text = new byte[payload.Length - StoreCipher.OverheadBytes];
        Assert.True(cipher.TryDecrypt(header, payload, text));
        foreach (var other in (RecordHeader[])
            [
                header with { Kind = ChunkKind.Image }, header with { Codec = ChunkCodec.EncryptedRaw }, header with { PlainBytes = header.PlainBytes + 1 },
                header with { Chunk = cipher.Names.Of("another"u8) }, header with { StoredBytes = header.StoredBytes + 1 },
            ])
        {
            Assert.False(cipher.TryDecrypt(other, payload, text), other.ToString());
        }

        for (var at = 0; at < payload.Length; at += 97)
        {
            var flipped = (byte[])payload.Clone();
            flipped[at] ^= 1;
            Assert.False(cipher.TryDecrypt(header, flipped, text));
        }

        using var another = new StoreCipher(Noise(32, 2));
        Assert.False(another.TryDecrypt(header, payload, text));
    }

    [Fact]
    public void EqualChunks_HaveEqualNames_ButOtherPayloads()
    {
        using var cipher = new StoreCipher(_master);
        var plain = Noise(Page, 3);
        var (one, first) = Encode(cipher, plain, ChunkKind.Data);
        var (two, second) = Encode(cipher, plain, ChunkKind.Data);
        Assert.Equal(one.Chunk, two.Chunk);
        Assert.NotEqual(ChunkId.Of(plain), one.Chunk);
        Assert.NotEqual(first[PackFormat.RecordHeaderBytes..], second[PackFormat.RecordHeaderBytes..]);
        using var another = new StoreCipher(Noise(32, 2));
        Assert.NotEqual(another.Names.Of(plain), one.Chunk);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(Page)]
    [InlineData(Geometry.ChunkBytesMax)]
    public void EveryCodec_RoundTrips(int bytes)
    {
        using var cipher = new StoreCipher(_master);
        foreach (var plain in (byte[][])[Noise(bytes, 1), new byte[bytes], HalfCompressible((bytes + 7) / 8 * 8, 2)])
        {
            var (header, record) = Encode(cipher, plain, ChunkKind.Data);
            Assert.True(header.Codec.IsEncrypted());
            Assert.Equal(header, RecordHeader.Read(record, 0));
            var back = new byte[plain.Length];
            ChunkDecoder.Decode(Lz4Codec.Load(), header, record.AsSpan(PackFormat.RecordHeaderBytes), back, 0, cipher);
            Assert.Equal(plain, back);
            Assert.Throws<PackFormatException>(() => ChunkDecoder.Decode(Lz4Codec.Load(), header, record.AsSpan(PackFormat.RecordHeaderBytes), back, 0));
        }
    }

    [Fact]
    public void AChunkInTheClear_IsNotTakenByAnEncryptedStore()
    {
        using var cipher = new StoreCipher(_master);
        var plain = Noise(Page, 1);
        var record = new ChunkEncoder(Lz4Codec.Load()).Encode(ChunkKind.Data, cipher.Names.Of(plain), plain, out var header).ToArray();
        var failure = Assert.Throws<PackFormatException>(
            () => ChunkDecoder.Decode(Lz4Codec.Load(), header, record.AsSpan(PackFormat.RecordHeaderBytes), new byte[Page], 0, cipher));
        Assert.Contains("not encrypted", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ExchangedPayloads_WithRightChecksums_AreFound()
    {
        var name = WriteTwo(out var other);
        var pack = PackOf(name);
        var entries = Entries(pack, ChunkKind.Data);
        var (first, second) = (entries[0], entries[1]);
        Assert.Equal(first.StoredBytes, second.StoredBytes);
        Rewrite(pack, first, bytes => Payload(pack, second));

        using var store = OpenStore();
        Fails(StoreFailure.Corrupt, () => ReadPages(store, name));
        Assert.NotEmpty(store.Verify(null, null, CancellationToken.None).Damages);
        Assert.Equal(32, ReadPages(store, other).Count);
    }

    [Fact]
    public void ExchangedManifests_AreFound()
    {
        var name = WriteTwo(out var other);
        var manifest = ManifestOf(name);
        using var store = OpenStore();
        for (var seed = 3; ManifestOf(other).StoredBytes != manifest.StoredBytes; seed++)
        {
            other = Write(store, seed); // the times and names in them make manifests a byte longer or shorter
        }

        Rewrite(PackOf(name), manifest, _ => Payload(PackOf(other), ManifestOf(other)));
        Fails(StoreFailure.Corrupt, () => ReadPages(store, name));
        Assert.Equal(32, ReadPages(store, other).Count);
    }

    // Names of chunks tell nobody's bytes, so another pack under a name is nothing but another pack.
    [Fact]
    public void ExchangedPacks_AreFound()
    {
        var name = WriteTwo(out var other);
        var (pack, otherPack) = (PackOf(name), PackOf(other));
        var bytes = File.ReadAllBytes(otherPack);
        File.WriteAllBytes(pack, bytes);
        using var store = OpenStore();
        Fails(StoreFailure.Corrupt, () => ReadPages(store, name));
        Assert.NotEmpty(store.Verify(null, null, CancellationToken.None).Damages);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(Block)]
    [InlineData(Block + 1)]
    [InlineData(4 * Block)]
    [InlineData(-Block)]
    [InlineData(-1)]
    public void ATruncatedIndex_IsCorrupt_AndRebuilt(int bytes)
    {
        var name = WriteTwo(out _);
        var whole = File.ReadAllBytes(Paths.Index);
        File.WriteAllBytes(Paths.Index, bytes < 0 ? whole[..^-bytes] : whole[..bytes]);
        Fails(StoreFailure.Corrupt, () =>
        {
            using var store = OpenStore();
            ReadPages(store, name);
            store.Verify(null, null, CancellationToken.None);
        });
        DeleteIndex();
        using var rebuilt = OpenStore();
        Assert.Equal(32, ReadPages(rebuilt, name).Count);
        AssertSound(rebuilt);
    }

    [Fact]
    public void AFlippedBitOfTheIndex_IsFound_WhereSQLiteAloneWouldNot()
    {
        WriteTwo(out _);
        var whole = File.ReadAllBytes(Paths.Index);
        var random = new Random(Seed(5));
        for (var page = 0; page < whole.Length / Block; page++)
        {
            var bytes = (byte[])whole.Clone();
            bytes[(page * Block) + random.Next(Block)] ^= 1;
            File.WriteAllBytes(Paths.Index, bytes);
            Assert.NotNull(Record.Exception(() =>
            {
                using var store = OpenStore();
                Assert.Null(store.Context.PackTable.IntegrityFailure());
            }));
        }
    }

    [Fact]
    public void ExchangedPagesOfTheIndex_AreFound()
    {
        WriteTwo(out _);
        var bytes = File.ReadAllBytes(Paths.Index);
        var page = bytes[(2 * Block)..(3 * Block)];
        bytes.AsSpan(3 * Block, Block).CopyTo(bytes.AsSpan(2 * Block));
        page.CopyTo(bytes, 3 * Block);
        File.WriteAllBytes(Paths.Index, bytes);
        Assert.NotNull(Record.Exception(() =>
        {
            using var store = OpenStore();
            Assert.Null(store.Context.PackTable.IntegrityFailure());
        }));
    }

    [Fact]
    public void TheIndex_DoesNotOpenWithoutTheKey()
    {
        WriteTwo(out _);
        using var connection = new SqliteConnection($"Data Source={Paths.Index};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM jobs";
        Assert.Throws<SqliteException>(() => command.ExecuteScalar());
    }

    [Fact]
    public void ChecksumsAreVerified_WithoutAKey()
    {
        WriteTwo(out _);
        var good = CheckpointStore.VerifyChecksums(StorePath, null, CancellationToken.None);
        Assert.Empty(good.Damages);
        Assert.Equal(2, good.Packs);
        Assert.True(good.Chunks >= 6);
        foreach (var pack in PackFiles())
        {
            var whole = File.ReadAllBytes(pack);
            for (var at = 0; at < whole.Length; at += 211)
            {
                var bytes = (byte[])whole.Clone();
                bytes[at] ^= 4;
                File.WriteAllBytes(pack, bytes);
                var damage = Assert.Single(CheckpointStore.VerifyChecksums(StorePath, null, CancellationToken.None).Damages);
                Assert.Contains(Path.GetFileName(pack), damage.Where, StringComparison.Ordinal);
            }

            File.WriteAllBytes(pack, whole[..(whole.Length / 2)]);
            Assert.NotEmpty(CheckpointStore.VerifyChecksums(StorePath, null, CancellationToken.None).Damages);
            File.WriteAllBytes(pack, whole);
        }
    }

    [Fact]
    public void ALostFormat_IsRepaired_AsThatOfAnEncryptedStore()
    {
        var name = WriteTwo(out _);
        File.Delete(Paths.Format);
        var report = CheckpointStore.Repair(StorePath, Options, NullLoggerFactory.Instance, new RepairOptions(false, TimeSpan.Zero), null, CancellationToken.None);
        Assert.True(report.FormatWritten);
        Assert.True(StoreKeys.IsEncrypted(StorePath));
        using var store = OpenStore();
        Assert.Equal(32, ReadPages(store, name).Count);
    }

    private static (RecordHeader Header, byte[] Record) Encode(StoreCipher cipher, byte[] plain, ChunkKind kind)
    {
        var record = new ChunkEncoder(Lz4Codec.Load(), cipher).Encode(kind, cipher.Names.Of(plain), plain, out var header).ToArray();
        return (header, record);
    }

    private GenerationName WriteTwo(out GenerationName other)
    {
        using var store = OpenStoreWithJob();
        var name = Write(store, 1);
        other = Write(store, 2);
        return name;
    }

    private GenerationName Write(CheckpointStore store, int seed)
    {
        var name = Commit(store, "job", null, content => content.Write(0, Noise(32 * Page, seed)), Noise(100, seed)).Name;
        _packs[name] = PackFiles().Except(_packs.Values).Single();
        return name;
    }

    private readonly Dictionary<GenerationName, string> _packs = [];

    private string PackOf(GenerationName name) => _packs[name];

    private PackEntry ManifestOf(GenerationName name) => Entries(PackOf(name), ChunkKind.Manifest).Single();

    private static List<PackEntry> Entries(string pack, ChunkKind kind)
    {
        var bytes = File.ReadAllBytes(pack);
        var header = PackHeader.Read(bytes);
        var offset = PackTrailer.OffsetFrom(bytes.AsSpan(bytes.Length - PackFormat.FooterBytes), bytes.Length);
        return [.. PackTrailer.Read(header, bytes.AsSpan((int)offset), offset).Entries.Where(entry => entry.Kind == kind)];
    }

    private static byte[] Payload(string pack, PackEntry entry)
        => File.ReadAllBytes(pack).AsSpan((int)entry.Offset + PackFormat.RecordHeaderBytes, entry.StoredBytes).ToArray();

    // As somebody would who knows the format: the guards are right again.
    private static void Rewrite(string pack, PackEntry entry, Func<byte[], byte[]> change)
    {
        var bytes = File.ReadAllBytes(pack);
        var record = bytes.AsSpan((int)entry.Offset, entry.RecordBytes);
        var payload = change(record[PackFormat.RecordHeaderBytes..].ToArray());
        var header = RecordHeader.Read(record, 0) with { PayloadGuard = PackFormat.Guard(payload) };
        payload.CopyTo(record[PackFormat.RecordHeaderBytes..]);
        header.Write(record);
        File.WriteAllBytes(pack, bytes);
    }
}
