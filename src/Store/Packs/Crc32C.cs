using System.Numerics;
using System.Runtime.InteropServices;

namespace Checkpointer.Store.Packs;

/// <summary>
/// CRC-32C (Castagnoli, RFC 3720), initial value and final XOR all ones.
/// Overview. The processor's instruction takes 8 bytes in 3 cycles, but begins one in each: three lanes, side by side in the bytes, are summed at once. A sum goes over the bytes behind it as if
/// they were zero, and the sum of those, begun at zero, is added: CRCs are linear. What a lane of zeros makes of a sum is looked up, byte by byte of the sum.
/// </summary>
internal static class Crc32C
{
    private const int LaneBytes = 1024;
    private const int Lanes = 3;

    // [byte of the sum * 256 + its value]: what remains of it behind a lane of zeros.
    private static readonly uint[] _behindLane = BehindLane();

    /// <summary>The CRC of any number of bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        for (; bytes.Length >= Lanes * LaneBytes; bytes = bytes[(Lanes * LaneBytes)..])
        {
            crc = AddLanes(crc, bytes[..(Lanes * LaneBytes)]);
        }

        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (var value in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }

    private static uint AddLanes(uint crc, ReadOnlySpan<byte> bytes)
    {
        var first = MemoryMarshal.Cast<byte, ulong>(bytes[..LaneBytes]);
        var second = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(LaneBytes, LaneBytes));
        var third = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(2 * LaneBytes, LaneBytes));
        var (a, b, c) = (crc, 0u, 0u);
        for (var i = 0; i < first.Length && i < second.Length && i < third.Length; i++)
        {
            a = BitOperations.Crc32C(a, first[i]);
            b = BitOperations.Crc32C(b, second[i]);
            c = BitOperations.Crc32C(c, third[i]);
        }

        return GoBehindLane(GoBehindLane(a) ^ b) ^ c;
    }

    private static uint GoBehindLane(uint crc)
        => _behindLane[crc & 0xff] ^ _behindLane[256 + ((crc >> 8) & 0xff)] ^ _behindLane[512 + ((crc >> 16) & 0xff)] ^ _behindLane[768 + (crc >> 24)];

    private static uint[] BehindLane()
    {
        var table = new uint[4 * 256];
        for (var i = 0; i < table.Length; i++)
        {
            var crc = (uint)(i % 256) << (i / 256 * 8);
            for (var at = 0; at < LaneBytes; at += sizeof(ulong))
            {
                crc = BitOperations.Crc32C(crc, 0ul);
            }

            table[i] = crc;
        }

        return table;
    }
}
