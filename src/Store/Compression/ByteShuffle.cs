using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Checkpointer.Store.Compression;

/// <summary>
/// Puts the first bytes of all elements together, then the second ones, and so on. Numbers that lie near one another have equal high bytes, which LZ4 finds only when they
/// lie side by side. What does not fill an element stays at the end.
/// Overview of the fast path: interleaving the first half of a block with its second half moves the highest bit of every byte's address to the lowest place. A block of 16 elements has 4 address
/// bits for the element and 2 or 3 for the byte within it; four times interleaved, the element is below, the byte above, which is the shuffle; as often as there are bits for the byte, it
/// is undone. An AVX2 register holds 16 bytes of each of two blocks, and its instructions work on both halves alike. Where there is none, bytes are moved one by one.
/// </summary>
internal static class ByteShuffle
{
    /// <summary>Elements of a block: as many as half a register has bytes.</summary>
    private const int BlockElements = 16;

    private const int PairElements = 2 * BlockElements;

    /// <summary>Shuffles.</summary>
    /// <param name="size">Bytes of an element, 4 or 8.</param>
    /// <param name="source">Any number of bytes.</param>
    /// <param name="target">As many, elsewhere.</param>
    public static void Shuffle(int size, ReadOnlySpan<byte> source, Span<byte> target)
    {
        RequireSizes(size, source, target);
        var elements = source.Length / size;
        var done = 0;
        if (Avx2.IsSupported)
        {
            for (; done + PairElements <= elements; done += PairElements)
            {
                ShufflePair(size, source.Slice(done * size, PairElements * size), target, done, elements);
            }
        }

        for (var element = done; element < elements; element++)
        {
            for (var at = 0; at < size; at++)
            {
                target[(at * elements) + element] = source[(element * size) + at];
            }
        }

        source[(elements * size)..].CopyTo(target[(elements * size)..]);
    }

    /// <summary>Undoes <see cref="Shuffle"/>.</summary>
    public static void Unshuffle(int size, ReadOnlySpan<byte> source, Span<byte> target)
    {
        RequireSizes(size, source, target);
        var elements = source.Length / size;
        var done = 0;
        if (Avx2.IsSupported)
        {
            for (; done + PairElements <= elements; done += PairElements)
            {
                UnshufflePair(size, source, done, elements, target.Slice(done * size, PairElements * size));
            }
        }

        for (var element = done; element < elements; element++)
        {
            for (var at = 0; at < size; at++)
            {
                target[(element * size) + at] = source[(at * elements) + element];
            }
        }

        source[(elements * size)..].CopyTo(target[(elements * size)..]);
    }

    private static void RequireSizes(int size, ReadOnlySpan<byte> source, Span<byte> target)
        => Invariant.Require(size is 4 or 8 && source.Length == target.Length, $"a shuffle by {size} from {source.Length} to {target.Length} bytes");

    private static void ShufflePair(int size, ReadOnlySpan<byte> pair, Span<byte> target, int first, int elements)
    {
        if (size == 8)
        {
            var registers = new Eight(Halves(pair, 8, 0), Halves(pair, 8, 1), Halves(pair, 8, 2), Halves(pair, 8, 3), Halves(pair, 8, 4), Halves(pair, 8, 5), Halves(pair, 8, 6), Halves(pair, 8, 7));
            Interleave(ref registers);
            Interleave(ref registers);
            Interleave(ref registers);
            Interleave(ref registers);
            StorePlanes(registers, target[first..], elements);
            return;
        }

        var four = new Four(Halves(pair, 4, 0), Halves(pair, 4, 1), Halves(pair, 4, 2), Halves(pair, 4, 3));
        Interleave(ref four);
        Interleave(ref four);
        Interleave(ref four);
        Interleave(ref four);
        StorePlanes(four, target[first..], elements);
    }

    private static void UnshufflePair(int size, ReadOnlySpan<byte> source, int first, int elements, Span<byte> pair)
    {
        if (size == 8)
        {
            var registers = LoadPlanes8(source[first..], elements);
            Interleave(ref registers);
            Interleave(ref registers);
            Interleave(ref registers);
            StoreHalves(registers.A, pair, 8, 0);
            StoreHalves(registers.B, pair, 8, 1);
            StoreHalves(registers.C, pair, 8, 2);
            StoreHalves(registers.D, pair, 8, 3);
            StoreHalves(registers.E, pair, 8, 4);
            StoreHalves(registers.F, pair, 8, 5);
            StoreHalves(registers.G, pair, 8, 6);
            StoreHalves(registers.H, pair, 8, 7);
            return;
        }

        var four = LoadPlanes4(source[first..], elements);
        Interleave(ref four);
        Interleave(ref four);
        StoreHalves(four.A, pair, 4, 0);
        StoreHalves(four.B, pair, 4, 1);
        StoreHalves(four.C, pair, 4, 2);
        StoreHalves(four.D, pair, 4, 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Interleave(ref Eight r)
        => r = new Eight(
            Avx2.UnpackLow(r.A, r.E), Avx2.UnpackHigh(r.A, r.E), Avx2.UnpackLow(r.B, r.F), Avx2.UnpackHigh(r.B, r.F),
            Avx2.UnpackLow(r.C, r.G), Avx2.UnpackHigh(r.C, r.G), Avx2.UnpackLow(r.D, r.H), Avx2.UnpackHigh(r.D, r.H));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Interleave(ref Four r)
        => r = new Four(Avx2.UnpackLow(r.A, r.C), Avx2.UnpackHigh(r.A, r.C), Avx2.UnpackLow(r.B, r.D), Avx2.UnpackHigh(r.B, r.D));

    // The same 16 bytes of both blocks of a pair.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Halves(ReadOnlySpan<byte> pair, int size, int number)
        => Vector256.Create(
            Vector128.Create(pair.Slice(number * BlockElements, BlockElements)), Vector128.Create(pair.Slice((size + number) * BlockElements, BlockElements)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreHalves(Vector256<byte> register, Span<byte> pair, int size, int number)
    {
        register.GetLower().CopyTo(pair[(number * BlockElements)..]);
        register.GetUpper().CopyTo(pair[((size + number) * BlockElements)..]);
    }

    // In the shuffled bytes both halves lie side by side, and the planes as far apart as there are elements.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Eight LoadPlanes8(ReadOnlySpan<byte> bytes, int stride)
        => new(
            Load(bytes, 0), Load(bytes, stride), Load(bytes, 2 * stride), Load(bytes, 3 * stride),
            Load(bytes, 4 * stride), Load(bytes, 5 * stride), Load(bytes, 6 * stride), Load(bytes, 7 * stride));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four LoadPlanes4(ReadOnlySpan<byte> bytes, int stride)
        => new(Load(bytes, 0), Load(bytes, stride), Load(bytes, 2 * stride), Load(bytes, 3 * stride));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePlanes(Eight r, Span<byte> bytes, int stride)
    {
        StorePlanes(new Four(r.A, r.B, r.C, r.D), bytes, stride);
        StorePlanes(new Four(r.E, r.F, r.G, r.H), bytes[(4 * stride)..], stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePlanes(Four r, Span<byte> bytes, int stride)
    {
        r.A.CopyTo(bytes);
        r.B.CopyTo(bytes[stride..]);
        r.C.CopyTo(bytes[(2 * stride)..]);
        r.D.CopyTo(bytes[(3 * stride)..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Load(ReadOnlySpan<byte> bytes, int at) => Vector256.Create(bytes.Slice(at, Vector256<byte>.Count));

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Eight(
        Vector256<byte> A, Vector256<byte> B, Vector256<byte> C, Vector256<byte> D, Vector256<byte> E, Vector256<byte> F, Vector256<byte> G, Vector256<byte> H);

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Four(Vector256<byte> A, Vector256<byte> B, Vector256<byte> C, Vector256<byte> D);
}
