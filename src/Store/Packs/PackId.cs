using System.Security.Cryptography;

namespace Checkpointer.Store.Packs;

/// <summary>Name of a pack: 16 random bytes. The file is named by it.</summary>
internal readonly record struct PackId(UInt128 Value) : IComparable<PackId>
{
    /// <summary>Size, bytes.</summary>
    public const int Bytes = 16;

    /// <summary>Ending of pack files.</summary>
    public const string Extension = ".pack";

    /// <summary>Takes exactly 16 bytes.</summary>
    public PackId(ReadOnlySpan<byte> bytes)
        : this(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes))
        => ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Bytes);

    /// <summary>File name inside <c>packs/</c>.</summary>
    public string FileName => ToString() + Extension;

    /// <summary>A new random id.</summary>
    public static PackId NewRandom()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        RandomNumberGenerator.Fill(bytes);
        return new PackId(bytes);
    }

    /// <summary>Reads a pack file name; false for any other file.</summary>
    public static bool TryParseFileName(string name, out PackId id)
    {
        id = default;
        if (name.Length != (2 * Bytes) + Extension.Length || !name.EndsWith(Extension, StringComparison.Ordinal))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[Bytes];
        if (Convert.FromHexString(name.AsSpan(0, 2 * Bytes), bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        id = new PackId(bytes);
        return id.FileName == name;
    }

    /// <summary>Writes the 16 bytes.</summary>
    public void CopyTo(Span<byte> target) => System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(target, Value);

    /// <summary>The 16 bytes.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Bytes];
        CopyTo(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public int CompareTo(PackId other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Convert.ToHexStringLower(ToArray());
}
