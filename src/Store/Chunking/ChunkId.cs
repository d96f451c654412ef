using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Checkpointer.Store.Chunking;

/// <summary>Name of a chunk, made of its plain bytes: by <see cref="ChunkNames"/> in a store, by SHA-256 in an export that is not encrypted.</summary>
internal readonly record struct ChunkId : IComparable<ChunkId>
{
    /// <summary>Size, bytes.</summary>
    public const int Bytes = 32;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    /// <summary>Takes exactly 32 bytes.</summary>
    public ChunkId(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Bytes);
        _a = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]);
    }

    /// <summary>SHA-256.</summary>
    public static ChunkId Of(ReadOnlySpan<byte> plain)
    {
        Span<byte> hash = stackalloc byte[Bytes];
        SHA256.HashData(plain, hash);
        return new ChunkId(hash);
    }

    /// <summary>Writes the 32 bytes.</summary>
    public void CopyTo(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, _a);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], _b);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], _c);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], _d);
    }

    /// <summary>The 32 bytes.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Bytes];
        CopyTo(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    /// <remarks>Any 32 bits of a hash are as good as a mix of all.</remarks>
    public override int GetHashCode() => unchecked((int)_a);

    /// <summary>In the order of the bytes, which is that of the index.</summary>
    public int CompareTo(ChunkId other)
    {
        var order = Compare(_a, other._a);
        order = order != 0 ? order : Compare(_b, other._b);
        order = order != 0 ? order : Compare(_c, other._c);
        return order != 0 ? order : Compare(_d, other._d);
    }

    /// <inheritdoc/>
    public override string ToString() => Convert.ToHexStringLower(ToArray());

    private static int Compare(ulong one, ulong other) => BinaryPrimitives.ReverseEndianness(one).CompareTo(BinaryPrimitives.ReverseEndianness(other));
}
