using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Checkpointer.Store.Chunking;

/// <summary>
/// POLYVAL of RFC 8452, section 3: the blocks of 16 bytes are the coefficients of a polynomial over GF(2^128), taken at a secret point. Of two different inputs of n blocks the chance of equal
/// results is at most n / 2^128, whatever they are, for who does not know the point and sees no result.
/// Overview. Eight blocks are multiplied by eight powers of the point and added before they are reduced, once: two of them at a time, with the middle product by Karatsuba. Safe for use from any thread.
/// </summary>
internal sealed class Polyval : IDisposable
{
    /// <summary>Bytes of a block, a key and a result.</summary>
    public const int Bytes = 16;

    private const int StrideBlocks = 8;
    private const int Pairs = StrideBlocks / 2;

    // x^128 + x^127 + x^126 + x^121 + 1, its upper half.
    private const ulong Polynomial = 0xc2000000_00000000;

    // Point to the power of 8 and 7, of 6 and 5 and so on; and the sums of the halves of each. Pinned, so that no collection of garbage leaves copies behind.
    private readonly Vector256<ulong>[] _powers = GC.AllocateArray<Vector256<ulong>>(2 * Pairs, pinned: true);

    /// <summary>Takes the point, exactly 16 bytes.</summary>
    public Polyval(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, Bytes);
        var point = MemoryMarshal.Read<Vector128<ulong>>(key);
        var power = point;
        for (var at = Pairs - 1; at >= 0; at--)
        {
            var next = Multiply(power, point);
            _powers[at] = Vector256.Create(next, power);
            _powers[Pairs + at] = _powers[at] ^ Swap(_powers[at]);
            power = Multiply(next, point);
        }
    }

    /// <summary>Hashes; what lacks of the last block counts as zeros, so the length must be told elsewhere.</summary>
    /// <param name="bytes">Any number of them.</param>
    /// <param name="target">Gets 16 bytes.</param>
    public void Hash(ReadOnlySpan<byte> bytes, Span<byte> target)
    {
        var sum = Vector128<ulong>.Zero;
        var pairs = MemoryMarshal.Cast<byte, Vector256<ulong>>(bytes);
        ReadOnlySpan<Vector256<ulong>> powers = _powers;
        for (; pairs.Length >= Pairs; pairs = pairs[Pairs..])
        {
            var first = pairs[0] ^ Vector256.Create(sum, Vector128<ulong>.Zero);
            var low = LowProduct(first, powers[0]);
            var high = HighProduct(first, powers[0]);
            var middle = LowProduct(first ^ Swap(first), powers[Pairs]);
            for (var i = 1; i < Pairs; i++)
            {
                var pair = pairs[i];
                low ^= LowProduct(pair, powers[i]);
                high ^= HighProduct(pair, powers[i]);
                middle ^= LowProduct(pair ^ Swap(pair), powers[Pairs + i]);
            }

            sum = Reduce(Fold(low), Fold(high), Fold(middle));
        }

        var point = powers[Pairs - 1].GetUpper();
        var rest = bytes[(bytes.Length / (StrideBlocks * Bytes) * (StrideBlocks * Bytes))..];
        for (; rest.Length >= Bytes; rest = rest[Bytes..])
        {
            sum = Multiply(sum ^ MemoryMarshal.Read<Vector128<ulong>>(rest), point);
        }

        if (rest.Length > 0)
        {
            Span<byte> last = stackalloc byte[Bytes];
            last.Clear();
            rest.CopyTo(last);
            sum = Multiply(sum ^ MemoryMarshal.Read<Vector128<ulong>>(last), point);
        }

        MemoryMarshal.Write(target, sum);
    }

    /// <inheritdoc/>
    public void Dispose() => Array.Clear(_powers);

    // One and other, and x^-128, in the field.
    private static Vector128<ulong> Multiply(Vector128<ulong> one, Vector128<ulong> other)
        => Reduce(LowProduct(one, other), HighProduct(one, other), LowProduct(one ^ Swap(one), other ^ Swap(other)));

    // Montgomery's reduction by 64 bits, twice. The middle product is the one of the sums of the halves.
    private static Vector128<ulong> Reduce(Vector128<ulong> low, Vector128<ulong> high, Vector128<ulong> middle)
    {
        middle ^= low ^ high;
        low ^= Vector128.Create(0, middle[0]);
        high ^= Vector128.Create(middle[1], 0);
        var polynomial = Vector128.CreateScalar(Polynomial);
        low = Swap(low) ^ LowProduct(low, polynomial);
        low = Swap(low) ^ LowProduct(low, polynomial);
        return high ^ low;
    }

    private static Vector128<ulong> Fold(Vector256<ulong> value) => value.GetLower() ^ value.GetUpper();

    private static Vector128<ulong> Swap(Vector128<ulong> value) => Vector128.Shuffle(value, Vector128.Create(1ul, 0));

    private static Vector256<ulong> Swap(Vector256<ulong> value) => Vector256.Shuffle(value, Vector256.Create(1ul, 0, 3, 2));

    // Product without carries of the lower halves.
    private static Vector128<ulong> LowProduct(Vector128<ulong> one, Vector128<ulong> other)
        => Pclmulqdq.IsSupported ? Pclmulqdq.CarrylessMultiply(one, other, 0x00) : Product(one[0], other[0]);

    private static Vector128<ulong> HighProduct(Vector128<ulong> one, Vector128<ulong> other)
        => Pclmulqdq.IsSupported ? Pclmulqdq.CarrylessMultiply(one, other, 0x11) : Product(one[1], other[1]);

    private static Vector256<ulong> LowProduct(Vector256<ulong> one, Vector256<ulong> other)
        => Pclmulqdq.V256.IsSupported
            ? Pclmulqdq.V256.CarrylessMultiply(one, other, 0x00)
            : Vector256.Create(LowProduct(one.GetLower(), other.GetLower()), LowProduct(one.GetUpper(), other.GetUpper()));

    private static Vector256<ulong> HighProduct(Vector256<ulong> one, Vector256<ulong> other)
        => Pclmulqdq.V256.IsSupported
            ? Pclmulqdq.V256.CarrylessMultiply(one, other, 0x11)
            : Vector256.Create(HighProduct(one.GetLower(), other.GetLower()), HighProduct(one.GetUpper(), other.GetUpper()));

    /// <summary>Product without carries of two numbers, bit by bit: for processors without the instruction, those of before 2010.</summary>
    internal static Vector128<ulong> Product(ulong one, ulong other)
    {
        var product = UInt128.Zero;
        for (; other != 0; other &= other - 1)
        {
            product ^= (UInt128)one << BitOperations.TrailingZeroCount(other);
        }

        return Vector128.Create((ulong)(product & ulong.MaxValue), (ulong)(product >> 64));
    }
}
