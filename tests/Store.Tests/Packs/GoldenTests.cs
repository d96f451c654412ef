using System.Security.Cryptography;
using Checkpointer.Store.Chunking;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Interop;
using Checkpointer.Store.Packs;
using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Packs;

/// <summary>The bytes of version 4. A change here is a new format version.</summary>
[Trait("kind", "unit")]
public sealed class GoldenTests
{
    private static readonly PackHeader _header = new(
        new PackId(Convert.FromHexString("000102030405060708090a0b0c0d0e0f")), Guid.ParseExact("101112131415161718191a1b1c1d1e1f", "N"));

    [Fact]
    public void PackHeader_Bytes()
    {
        var bytes = new byte[PackFormat.HeaderBytes];
        _header.Write(bytes);

        Assert.Equal(
            "434b50545041434b" + "0300" + "0000" + "40000000" + "000102030405060708090a0b0c0d0e0f" + "101112131415161718191a1b1c1d1e1f"
            + "000000000000000000000000" + GoldenGuards.Header,
            Convert.ToHexStringLower(bytes));
    }

    [Fact]
    public void RawRecord_Bytes()
    {
        var plain = "abc"u8.ToArray();
        var record = new ChunkEncoder(Lz4Codec.Load()).Encode(ChunkKind.Image, ChunkId.Of(plain), plain, out _);

        Assert.Equal(
            "434b4348" + "04" + "00" + "0000" + "03000000" + "03000000"
            + "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // SHA-256 of "abc", FIPS 180-2
            + GoldenGuards.AbcPayload + "0000000000000000" + GoldenGuards.AbcRecord + "616263",
            Convert.ToHexStringLower(record));
    }

    [Fact]
    public void NameOfChunk_Bytes()
    {
        using var names = ChunkNames.OfStore(_header.Store);

        Assert.Equal(GoldenGuards.AbcName, names.Of("abc"u8).ToString());
        Assert.Equal(GoldenGuards.WindowName, names.Of(Enumerable.Range(0, 65536).Select(i => unchecked((byte)(i * 7))).ToArray()).ToString());
    }

    [Fact]
    public void Guard_IsCrc32c() // RFC 3720, B.4
    {
        Assert.Equal(0x8a9136aau, PackFormat.Guard(new byte[32]));
        Assert.Equal(0x62a8ab43u, PackFormat.Guard(Enumerable.Repeat((byte)0xff, 32).ToArray()));
        Assert.Equal(0xe3069283u, PackFormat.Guard("123456789"u8));
    }

    [Fact]
    public void SegmentTableAndPatch_Bytes()
    {
        var chunk = new ChunkId(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray());
        var id = Convert.ToHexStringLower(chunk.ToArray());

        Assert.Equal(
            "434b5347" + "0200" + "0000" + "0000" + "10" + "00" + id + "ff03" + "01" + "07" + id,
            Convert.ToHexStringLower(SegmentCodec.Encode([new Extent(0, 16, 0, chunk), new Extent(1023, 1, 7, chunk)])));
        Assert.Equal(
            "434b5442" + "0200" + "0000" + "0000" + "0000" + "0000" + "4000" + id + "ff00" + "0300" + "0102" + "0004" + id,
            Convert.ToHexStringLower(TableCodec.Encode(new SortedDictionary<int, SegmentEntry>
            {
                [255] = new(chunk, 3, 513, 1024),
                [0] = new(chunk, 0, 0, 64),
            })));
        Assert.Equal(
            "434b5041" + "0100" + "0200" + "0300" + "000000000000" + id + "ff03" + "01" + "07" + id + "0000" + "0001" + "0102" + "0100",
            Convert.ToHexStringLower(PatchCodec.Encode(new SegmentPatch(
                chunk, 3, [new Extent(1023, 1, 7, chunk)], [new PageRange(0, 256), new PageRange(513, 1)]))));
    }

    [Fact]
    public void Trailer_Bytes()
    {
        var chunk = ChunkId.Of("abc"u8);
        var bytes = PackTrailer.Encode(_header, 131, [new PackEntry(chunk, 64, 3, 3, ChunkKind.Image, ChunkCodec.Raw)]);
        var withoutHash = "434b505454524c52" + "01000000" + "00000000" + "000102030405060708090a0b0c0d0e0f"
            + chunk + "4000000000000000" + "03000000" + "03000000" + "04" + "00" + "0000" + "00000000"
            + "8300000000000000" + "9000000000000000";
        var header = new byte[PackFormat.HeaderBytes];
        _header.Write(header);
        var hash = SHA256.HashData([.. header, .. Convert.FromHexString(withoutHash)]);

        Assert.Equal(withoutHash + Convert.ToHexStringLower(hash) + "434b5054454e440a", Convert.ToHexStringLower(bytes));
    }

    [Fact]
    public void Manifest_Bytes()
    {
        var bytes = ManifestCodec.Encode(new Manifest(
            new GenerationName("job", 7), DateTimeOffset.UnixEpoch.AddMicroseconds(5), TimeSpan.FromMicroseconds(9),
            StoreTest.JobNamed("job"), StoreTest.Summary, [_header.Pack], [new ImageEntry("i", 3, [ChunkId.Of("abc"u8)])],
            [new ContentEntry("c", [new TableEntry(1UL << 33, ChunkId.Of("abc"u8))])], "job/6"));

        Assert.Equal(GoldenGuards.Manifest, Convert.ToHexStringLower(bytes));
    }

    [Fact]
    public void Ledger_Bytes()
    {
        var ledger = new Ledger();
        ledger.RetiredPacks.Add(_header.Pack);
        ledger.ForgottenManifests.Add(ChunkId.Of("abc"u8));
        ledger.NextNumbers.Add("job", 7);
        ledger.Generations.Add(ChunkId.Of("abc"u8), new LedgerFacts(300, true, "n"));
        var abc = ChunkId.Of("abc"u8).ToString();

        Assert.Equal(
            "0a10" + "000102030405060708090a0b0c0d0e0f" + "1220" + abc + "1a07" + "0a03" + "6a6f62" + "1007"
            + "222a" + "0a20" + abc + "10ac02" + "1801" + "22016e",
            Convert.ToHexStringLower(ledger.Encode()));
    }
}
