using Checkpointer.Store.Chunking;
using Checkpointer.Store.Files;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Interop;
using Checkpointer.Store.Packs;
using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Packs;

/// <summary>Parsers of bytes from disk on mutated input: a result or a PackFormatException, nothing else, and never a large
/// allocation. Guards and hashes are made right again in half of the rounds, or nothing would get past them. Reproduce with SEED=, more with CHECKPOINTER_ROUNDS=.</summary>
[Trait("kind", "unit")]
public sealed class MutationFuzzTests : StoreTest
{
    private static readonly int _iterations = int.TryParse(Environment.GetEnvironmentVariable("CHECKPOINTER_ROUNDS"), out var rounds) ? rounds : 12_000;
    private const long AllocationMax = 64 << 20;

    private static readonly PackHeader _header = new(PackId.NewRandom(), Guid.NewGuid());
    private static readonly ChunkNames _names = ChunkNames.OfStore(_header.Store);

    private delegate void Parser(byte[] bytes);

    [Fact]
    public void PackHeader_Mutated() => Fuzz(1, Header(_header), PackFormat.HeaderGuardAt, bytes => PackHeader.Read(bytes));

    [Fact]
    public void RecordHeader_Mutated() => Fuzz(2, Record(_names), PackFormat.RecordGuardAt, bytes => RecordHeader.Read(bytes, 0));

    [Fact]
    public void Trailer_Mutated() => Fuzz(3, Trailer(_header, Record(_names)), -1, bytes => PackTrailer.Read(_header, bytes, PackFormat.HeaderBytes + Record(_names).Length));

    [Fact]
    public void Segment_Mutated() => Fuzz(4, Segment(), -1, bytes => SegmentCodec.Decode(bytes));

    [Fact]
    public void Table_Mutated() => Fuzz(5, Table(), -1, bytes => TableCodec.Decode(bytes));

    [Fact]
    public void Patch_Mutated() => Fuzz(9, Patch(), -1, bytes => PatchCodec.Decode(bytes));

    [Fact]
    public void Manifest_Mutated() => Fuzz(6, ManifestBytes(), -1, bytes => ManifestCodec.Decode(bytes));

    [Fact]
    public void Ledger_Mutated() => Fuzz(10, LedgerBytes(), -1, bytes => Ledger.Decode(bytes));

    [Fact]
    public void Lz4Payload_Mutated()
    {
        var codec = Lz4Codec.Load();
        var plain = HalfCompressible(Page, 1);
        var payload = new byte[plain.Length];
        payload = payload[..codec.Compress(plain, payload)];
        var target = new byte[plain.Length];

        Fuzz(7, payload, -1, bytes => codec.Decompress(bytes, target));
    }

    [Fact]
    public void WholePack_Mutated_OpensScansAndReads()
    {
        var paths = new StorePaths(Root);
        using var store = OpenStore();
        Directory.CreateDirectory(paths.Packs);
        var header = new PackHeader(PackId.NewRandom(), store.Context.Format.StoreId);
        var record = Record(store.Context.Names);
        var file = Path.Combine(paths.Packs, header.Pack.FileName);
        byte[] pack = [.. Header(header), .. record, .. Trailer(header, record)];
        var reader = new ChunkReader(store.Context);
        byte[]? plain = null;

        Fuzz(8, pack, -1, bytes =>
        {
            File.WriteAllBytes(file, bytes);
            using var opened = PackFile.Open(new LinuxFileSystem(), paths, header.Pack, header.Store)!;
            var scanned = opened.Scan();
            Assert.All(scanned, entry => Assert.InRange(entry.End, 0, bytes.Length));
            foreach (var entry in opened.ReadTrailer().Entries)
            {
                reader.Read(opened, entry, ref plain);
            }
        });
    }

    private static void Fuzz(int salt, byte[] valid, int guardAt, Parser parse)
    {
        var seed = Seed(1000) + salt;
        var random = new Random(seed);
        parse(valid);
        var refused = 0;
        for (var i = 0; i < _iterations; i++)
        {
            var bytes = Mutate(random, valid);
            if (guardAt >= 0 && bytes.Length > guardAt + sizeof(uint) && random.Next(2) == 0)
            {
                BitConverter.TryWriteBytes(bytes.AsSpan(guardAt), PackFormat.Guard(bytes.AsSpan(0, guardAt)));
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                parse(bytes);
            }
            catch (PackFormatException)
            {
                refused++;
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"SEED={seed - salt} iteration {i}: {Convert.ToHexString(bytes)}: {exception}");
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < AllocationMax, $"SEED={seed - salt} iteration {i} allocated {allocated} bytes");
        }

        Assert.True(refused > 0 || salt == 7, "no mutation was refused");
    }

    private static byte[] Mutate(Random random, byte[] valid)
    {
        var bytes = (byte[])valid.Clone();
        for (var changes = random.Next(1, 4); changes > 0 && bytes.Length > 0; changes--)
        {
            var at = random.Next(bytes.Length);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)(random.Next(2) == 0 ? 0xff : random.Next(256));
                    break;
                case 2:
                    bytes.AsSpan(at, Math.Min(4, bytes.Length - at)).Fill((byte)(random.Next(2) * 0xff));
                    break;
                case 3:
                    bytes = bytes[..at];
                    break;
                default:
                    bytes = [.. bytes[..at], .. bytes[random.Next(bytes.Length)..]];
                    break;
            }
        }

        return bytes;
    }

    private static byte[] Header(PackHeader header)
    {
        var bytes = new byte[PackFormat.HeaderBytes];
        header.Write(bytes);
        return bytes;
    }

    private static byte[] Record(ChunkNames names)
    {
        var plain = HalfCompressible(256, 1);
        return new ChunkEncoder(Lz4Codec.Load()).Encode(ChunkKind.Data, names.Of(plain), plain, out _).ToArray();
    }

    private static byte[] Trailer(PackHeader header, byte[] record)
        => PackTrailer.Encode(header, PackFormat.HeaderBytes + record.Length, [PackEntry.Of(RecordHeader.Read(record, 0), PackFormat.HeaderBytes)]);

    private static byte[] Segment()
        => SegmentCodec.Encode([.. Enumerable.Range(0, 5).Select(i => new Extent(i * 20, 1 + i, i, ChunkId.Of([(byte)i])))]);

    private static byte[] Table()
        => TableCodec.Encode(new SortedDictionary<int, SegmentEntry>(
            Enumerable.Range(0, 5).ToDictionary(i => i * 50, i => new SegmentEntry(ChunkId.Of([(byte)i]), i, i * 9, 64))));

    private static byte[] Patch()
        => PatchCodec.Encode(new SegmentPatch(
            ChunkId.Of("base"u8), 2, [.. Enumerable.Range(0, 4).Select(i => new Extent(i * 20, 1 + i, i, ChunkId.Of([(byte)i])))],
            [new PageRange(100, 1), new PageRange(200, 300)]));

    private static byte[] LedgerBytes()
    {
        var ledger = new Ledger();
        ledger.RetiredPacks.Add(PackId.NewRandom());
        ledger.ForgottenManifests.Add(ChunkId.Of("a"u8));
        ledger.NextNumbers.Add("job", 7);
        ledger.Generations.Add(ChunkId.Of("b"u8), new LedgerFacts(100, true, "note"));
        return ledger.Encode();
    }

    private static byte[] ManifestBytes()
        => ManifestCodec.Encode(new Manifest(
            new GenerationName("job", 7), DateTimeOffset.UnixEpoch, TimeSpan.FromSeconds(1), JobNamed("job"), Summary,
            [PackId.NewRandom()], [new ImageEntry("image", 3, [ChunkId.Of("abc"u8)])],
            [new ContentEntry("memory", [new TableEntry(1, ChunkId.Of("a"u8)), new TableEntry(2, ChunkId.Of("b"u8))])], "job/6"));
}
