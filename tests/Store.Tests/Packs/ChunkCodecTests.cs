using System.Runtime.InteropServices;
using System.Text;
using Checkpointer.Store.Chunking;
using Checkpointer.Store.Interop;
using Checkpointer.Store.Packs;
using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Packs;

/// <summary>Which codec a chunk gets, and that it comes back.</summary>
[Trait("kind", "unit")]
public sealed class ChunkCodecTests : StoreTest
{
    private const int Window = Geometry.ChunkBytesMax;

    [Fact]
    public void Doubles_OfARandomWalk_AreShuffledBy8()
        => AssertChosen(ChunkCodec.Shuffle8Lz4, Bytes(Walk(Window / 8, 0.001).ToArray()), 1.25);

    [Fact]
    public void Counters_Of8Bytes_AreShuffledBy8()
        => AssertChosen(ChunkCodec.Shuffle8Lz4, Bytes(Enumerable.Range(0, Window / 8).Select(i => (long)i * 7919).ToArray()), 3);

    [Fact]
    public void Floats_OfARandomWalk_AreShuffledBy4()
        => AssertChosen(ChunkCodec.Shuffle4Lz4, Bytes(Walk(Window / 4, 0.001).Select(value => (float)value).ToArray()), 1.25);

    [Fact]
    public void OnePageOfDoubles_IsShuffledToo()
        => AssertChosen(ChunkCodec.Shuffle8Lz4, Bytes(Walk(Page / 8, 0.001).ToArray()), 1.2);

    [Fact]
    public void Noise_IsRaw() => AssertChosen(ChunkCodec.Raw, Noise(Window, 1), 1);

    [Fact]
    public void Text_IsLz4()
        => AssertChosen(ChunkCodec.Lz4, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 3000).Select(i => $"step {i}: pressure is {i * 31 % 977} bar\n")))[..Window], 2);

    [Fact]
    public void MostlyZero_IsLz4()
    {
        var bytes = new byte[Window];
        Noise(2000, 2).CopyTo(bytes, 30_000);

        AssertChosen(ChunkCodec.Lz4, bytes, 20);
    }

    [Fact]
    public void ChunkThatIsNotLikeItsSample_IsNeverLargerThanRaw()
    {
        // What the probe looks at is numbers; the rest is noise.
        var bytes = Noise(Window, 3);
        for (var piece = 0; piece < 4; piece++)
        {
            Bytes(Walk(128, 0.001).ToArray()).CopyTo(bytes.AsSpan(piece * Window / 4));
        }

        Encode(ChunkKind.Data, bytes, out var header);

        Assert.Equal((ChunkCodec.Raw, Window), (header.Codec, header.StoredBytes));
    }

    [Fact]
    public void OtherKinds_AreNotShuffled()
    {
        Encode(ChunkKind.Image, Bytes(Enumerable.Range(0, Window / 8).Select(i => (long)i).ToArray()), out var header);

        Assert.Equal(ChunkCodec.Lz4, header.Codec);
    }

    [Fact]
    public void Shuffle8Payload_Decodes() // by hand: 9 literals, a match of 50 bytes at distance 1, 5 literals (lz4_Block_format.md)
    {
        var payload = Convert.FromHexString("9f" + "000102030405060700" + "0100" + "1f" + "50" + "0000000000");
        var plain = new byte[64];

        ChunkDecoder.Decode(Lz4Codec.Load(), Header(ChunkCodec.Shuffle8Lz4, payload, plain.Length), payload, plain, 0);

        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], MemoryMarshal.Cast<byte, long>(plain).ToArray());
    }

    [Fact]
    public void RandomContents_ComeBack()
    {
        var random = new Random(Seed(5));
        var encoder = new ChunkEncoder(Lz4Codec.Load());
        var seen = new HashSet<ChunkCodec>();
        for (var round = 0; round < 2000; round++)
        {
            var plain = Mixed(random, random.Next(1, 17) * Page);
            var record = encoder.Encode(ChunkKind.Data, ChunkId.Of(plain), plain, out var header).ToArray();
            var back = new byte[plain.Length];
            ChunkDecoder.Decode(Lz4Codec.Load(), RecordHeader.Read(record, 0), record.AsSpan(PackFormat.RecordHeaderBytes), back, 0);

            Assert.True(plain.AsSpan().SequenceEqual(back), $"round {round}");
            seen.Add(header.Codec);
        }

        Assert.Equal(4, seen.Count);
    }

    [Theory]
    [InlineData(nameof(ChunkCodec.Shuffle4Lz4))]
    [InlineData(nameof(ChunkCodec.Shuffle8Lz4))]
    public void MutatedPayload_IsDecodedOrRefused(string codecName)
    {
        var codec = Enum.Parse<ChunkCodec>(codecName);
        var lz4 = Lz4Codec.Load();
        var shuffled = HalfCompressible(Page, 1);
        var payload = new byte[Page];
        payload = payload[..lz4.Compress(shuffled, payload)];
        var random = new Random(Seed(6));
        var refused = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = (byte[])payload.Clone();
            for (var changes = random.Next(1, 5); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            bytes = bytes[..random.Next(bytes.Length / 2, bytes.Length + 1)];
            var plain = new byte[Page + 16];
            plain.AsSpan(Page).Fill(0xa5);
            try
            {
                ChunkDecoder.Decode(lz4, Header(codec, bytes, Page), bytes, plain.AsSpan(0, Page), 0);
            }
            catch (PackFormatException)
            {
                refused++;
            }

            Assert.All(plain[Page..], value => Assert.Equal(0xa5, value));
        }

        Assert.InRange(refused, 1, 20_000);
    }

    private static void AssertChosen(ChunkCodec expected, byte[] plain, double ratio)
    {
        Encode(ChunkKind.Data, plain, out var header);

        Assert.Equal(expected, header.Codec);
        Assert.True(plain.Length >= ratio * header.StoredBytes, $"{plain.Length} bytes became {header.StoredBytes}");
    }

    // Encoding decodes again and compares.
    private static void Encode(ChunkKind kind, byte[] plain, out RecordHeader header)
        => new ChunkEncoder(Lz4Codec.Load()).Encode(kind, ChunkId.Of(plain), plain, out header);

    private static RecordHeader Header(ChunkCodec codec, byte[] payload, int plainBytes)
        => new(ChunkKind.Data, codec, payload.Length, plainBytes, ChunkId.Of(payload), PackFormat.Guard(payload));

    private static byte[] Mixed(Random random, int length)
    {
        var bytes = new byte[length];
        for (var at = 0; at < length; at += Page)
        {
            var part = bytes.AsSpan(at, Page);
            switch (random.Next(5))
            {
                case 0:
                    random.NextBytes(part);
                    break;
                case 1:
                    Bytes(Walk(Page / 8, random.NextDouble()).ToArray()).CopyTo(part);
                    break;
                case 2:
                    Bytes(Enumerable.Range(random.Next(1 << 20), Page / 4).ToArray()).CopyTo(part);
                    break;
                case 3:
                    part.Fill((byte)random.Next(256));
                    break;
                default:
                    Bytes(Walk(Page / 4, 0.01).Select(value => (float)value).ToArray()).CopyTo(part);
                    break;
            }
        }

        return bytes;
    }

    private static IEnumerable<double> Walk(int count, double step)
    {
        var random = new Random(count);
        var value = 1.5;
        for (var i = 0; i < count; i++)
        {
            value += (random.NextDouble() - 0.5) * step;
            yield return value;
        }
    }

    private static byte[] Bytes<T>(T[] values)
        where T : unmanaged
        => MemoryMarshal.AsBytes<T>(values).ToArray();
}
