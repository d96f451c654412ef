using System.Runtime.Intrinsics;
using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Compression;

/// <summary>
/// Guesses which codec makes a chunk of memory smallest, from a sample: compressing all of it in every way would cost more than hashing and writing together. Owns
/// buffers: one per thread.
/// </summary>
internal sealed class CodecProbe(IBlockCodec codec)
{
    /// <summary>Pieces of the sample: pages of a chunk may hold different things.</summary>
    private const int Pieces = 4;

    /// <summary>Bytes of a piece: long enough for planes of 128 bytes and more.</summary>
    private const int PieceBytes = 1024;

    /// <summary>Less is not worth a probe, nor a shuffle.</summary>
    private const int BytesMin = Geometry.PageBytes;

    /// <summary>Share of the bytes of a plane that equal the ones before them, below which LZ4 does not make it smaller: 1/256 of random bytes do, some 6 % of text, over a third of the high
    /// bytes of normally distributed numbers.</summary>
    private const double PlaneEqualMin = 0.2;

    /// <summary>A sample that LZ4 alone makes this small holds little that a shuffle could improve.</summary>
    private const int GoodDivisor = 4;

    /// <summary>A shuffle must save one part in so many of what LZ4 alone leaves: it costs time when it is read.</summary>
    private const int GainDivisor = 32;

    private readonly byte[] _sample = new byte[Pieces * PieceBytes];
    private readonly byte[] _shuffled = new byte[Pieces * PieceBytes];
    private readonly byte[] _compressed = new byte[Pieces * PieceBytes];

    /// <summary>The codec to try. <see cref="ChunkCodec.Lz4"/> also where nothing helps: LZ4 itself gives up fast.</summary>
    public ChunkCodec Choose(ReadOnlySpan<byte> plain)
    {
        if (plain.Length < BytesMin)
        {
            return ChunkCodec.Lz4;
        }

        var sample = Take(plain);
        var (byEight, byFour) = (HasEqualPlane(sample, 8), HasEqualPlane(sample, 4));
        if (!byEight && !byFour)
        {
            return ChunkCodec.Lz4;
        }

        var alone = Compressed(sample);
        if (alone <= sample.Length / GoodDivisor)
        {
            return ChunkCodec.Lz4;
        }

        var eight = byEight ? Compressed(8, sample) : sample.Length;
        var four = byFour ? Compressed(4, sample) : sample.Length;
        return Math.Min(eight, four) > alone - (alone / GainDivisor) ? ChunkCodec.Lz4
            : eight <= four ? ChunkCodec.Shuffle8Lz4
            : ChunkCodec.Shuffle4Lz4;
    }

    // Pieces at equal distances, each at a multiple of 8, so that elements stay whole.
    private ReadOnlySpan<byte> Take(ReadOnlySpan<byte> plain)
    {
        var step = plain.Length / Pieces / sizeof(ulong) * sizeof(ulong);
        for (var piece = 0; piece < Pieces; piece++)
        {
            plain.Slice(piece * step, PieceBytes).CopyTo(_sample.AsSpan(piece * PieceBytes));
        }

        return _sample;
    }

    private int Compressed(int size, ReadOnlySpan<byte> sample)
    {
        ByteShuffle.Shuffle(size, sample, _shuffled);
        return Compressed(_shuffled);
    }

    private int Compressed(ReadOnlySpan<byte> sample)
        => codec.Compress(sample, _compressed) is var stored and > 0 ? stored : sample.Length;

    // Whether in one place of the elements many bytes equal those of the element before. Each lane of the sum counts its own place, to at most 255.
    private static bool HasEqualPlane(ReadOnlySpan<byte> sample, int size)
    {
        var lanes = Vector128<byte>.Count;
        var sum = Vector128<byte>.Zero;
        for (var at = lanes; at < sample.Length; at += lanes)
        {
            sum -= Vector128.Equals(Vector128.Create(sample.Slice(at, lanes)), Vector128.Create(sample.Slice(at - size, lanes)));
        }

        var needed = (sample.Length - lanes) / size * PlaneEqualMin;
        for (var place = 0; place < size; place++)
        {
            var equal = 0;
            for (var lane = place; lane < lanes; lane += size)
            {
                equal += sum[lane];
            }

            if (equal >= needed)
            {
                return true;
            }
        }

        return false;
    }
}
