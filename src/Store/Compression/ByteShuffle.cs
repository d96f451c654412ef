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
/// is undone. One SSE2 register holds 16 bytes. Where there is none, bytes are moved one by one.
/// </summary>
internal static class ByteShuffle
{
    /// <summary>Elements of a block: as many as a register has bytes.</summary>
    private const int BlockElements = 16;

    /// <summary>Shuffles.</summary>
    /// <param name="size">Bytes of an element, 4 or 8.</param>
    /// <param name="source">Any number of bytes.</param>
    /// <param name="target">As many, elsewhere.</param>
    public static void Shuffle(int size, ReadOnlySpan<byte> source, Span<byte> target)
    {
        RequireSizes(size, source, target);
        var elements = source.Length / size;
        var done = 0;
        if (Sse2.IsSupported)
        {
            for (; done + BlockElements <= elements; done += BlockElements)
            {
                ShuffleBlock(size, source.Slice(done * size, BlockElements * size), target, done, elements);
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
        if (Sse2.IsSupported)
        {
            for (; done + BlockElements <= elements; done += BlockElements)
            {
                UnshuffleBlock(size, source, done, elements, target.Slice(done * size, BlockElements * size));
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

    private static void ShuffleBlock(int size, ReadOnlySpan<byte> block, Span<byte> target, int first, int elements)
    {
        if (size == 8)
        {
            var registers = Load8(block, Vector128<byte>.Count);
            Interleave(ref registers);
            Interleave(ref registers);
            Interleave(ref registers);
            Interleave(ref registers);
            Store8(registers, target[first..], elements);
            return;
        }

        var four = Load4(block, Vector128<byte>.Count);
        Interleave(ref four);
        Interleave(ref four);
        Interleave(ref four);
        Interleave(ref four);
        Store4(four, target[first..], elements);
    }

    private static void UnshuffleBlock(int size, ReadOnlySpan<byte> source, int first, int elements, Span<byte> block)
    {
        if (size == 8)
        {
            var registers = Load8(source[first..], elements);
            Interleave(ref registers);
            Interleave(ref registers);
            Interleave(ref registers);
            Store8(registers, block, Vector128<byte>.Count);
            return;
        }

        var four = Load4(source[first..], elements);
        Interleave(ref four);
        Interleave(ref four);
        Store4(four, block, Vector128<byte>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Interleave(ref Eight r)
        => r = new Eight(
            Sse2.UnpackLow(r.A, r.E), Sse2.UnpackHigh(r.A, r.E), Sse2.UnpackLow(r.B, r.F), Sse2.UnpackHigh(r.B, r.F),
            Sse2.UnpackLow(r.C, r.G), Sse2.UnpackHigh(r.C, r.G), Sse2.UnpackLow(r.D, r.H), Sse2.UnpackHigh(r.D, r.H));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Interleave(ref Four r)
        => r = new Four(Sse2.UnpackLow(r.A, r.C), Sse2.UnpackHigh(r.A, r.C), Sse2.UnpackLow(r.B, r.D), Sse2.UnpackHigh(r.B, r.D));

    // The registers lie a stride apart: one behind the other in a block, one in each plane of the shuffled bytes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Eight Load8(ReadOnlySpan<byte> bytes, int stride)
        => new(
            Load(bytes, 0), Load(bytes, stride), Load(bytes, 2 * stride), Load(bytes, 3 * stride),
            Load(bytes, 4 * stride), Load(bytes, 5 * stride), Load(bytes, 6 * stride), Load(bytes, 7 * stride));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four Load4(ReadOnlySpan<byte> bytes, int stride)
        => new(Load(bytes, 0), Load(bytes, stride), Load(bytes, 2 * stride), Load(bytes, 3 * stride));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store8(Eight r, Span<byte> bytes, int stride)
    {
        r.A.CopyTo(bytes);
        r.B.CopyTo(bytes[stride..]);
        r.C.CopyTo(bytes[(2 * stride)..]);
        r.D.CopyTo(bytes[(3 * stride)..]);
        r.E.CopyTo(bytes[(4 * stride)..]);
        r.F.CopyTo(bytes[(5 * stride)..]);
        r.G.CopyTo(bytes[(6 * stride)..]);
        r.H.CopyTo(bytes[(7 * stride)..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store4(Four r, Span<byte> bytes, int stride)
    {
        r.A.CopyTo(bytes);
        r.B.CopyTo(bytes[stride..]);
        r.C.CopyTo(bytes[(2 * stride)..]);
        r.D.CopyTo(bytes[(3 * stride)..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Load(ReadOnlySpan<byte> bytes, int at) => Vector128.Create(bytes.Slice(at, Vector128<byte>.Count));

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Eight(
        Vector128<byte> A, Vector128<byte> B, Vector128<byte> C, Vector128<byte> D, Vector128<byte> E, Vector128<byte> F, Vector128<byte> G, Vector128<byte> H);

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Four(Vector128<byte> A, Vector128<byte> B, Vector128<byte> C, Vector128<byte> D);
}
