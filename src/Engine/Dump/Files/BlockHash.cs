using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Checkpointer.Engine.Dump;

/// <summary>SHA-256 of a block of a file; the default value stands for a block of zeros.</summary>
internal readonly record struct BlockHash(UInt128 High, UInt128 Low)
{
    /// <summary>Of the bytes of a block.</summary>
    public static BlockHash Of(ReadOnlySpan<byte> block)
    {
        if (!block.ContainsAnyExcept((byte)0))
        {
            return default;
        }

        Span<UInt128> hash = stackalloc UInt128[2];
        SHA256.HashData(block, MemoryMarshal.AsBytes(hash));
        return new BlockHash(hash[0], hash[1]);
    }
}
