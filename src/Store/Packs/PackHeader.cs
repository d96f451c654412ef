using System.Buffers.Binary;

namespace Checkpointer.Store.Packs;

/// <summary>The first bytes of a pack.</summary>
internal readonly record struct PackHeader(PackId Pack, Guid Store)
{
    /// <summary>Encodes.</summary>
    public void Write(Span<byte> target)
    {
        var header = target[..PackFormat.HeaderBytes];
        header.Clear();
        PackFormat.HeaderMagic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[PackFormat.HeaderVersionAt..], PackFormat.Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header[PackFormat.HeaderSizeAt..], PackFormat.HeaderBytes);
        Pack.CopyTo(header[PackFormat.HeaderPackIdAt..]);
        Store.TryWriteBytes(header[PackFormat.HeaderStoreIdAt..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32LittleEndian(
            header[PackFormat.HeaderGuardAt..], PackFormat.Guard(header[..PackFormat.HeaderGuardAt]));
    }

    /// <summary>Decodes and checks.</summary>
    /// <exception cref="PackFormatException">Not a pack header, or of a newer version.</exception>
    public static PackHeader Read(ReadOnlySpan<byte> source)
    {
        PackFormatException.Require(source.Length >= PackFormat.HeaderBytes, 0, "the pack is shorter than its header");
        var header = source[..PackFormat.HeaderBytes];
        PackFormatException.Require(header.StartsWith(PackFormat.HeaderMagic), PackFormat.HeaderMagicAt, "the pack header has another magic");
        var guard = BinaryPrimitives.ReadUInt32LittleEndian(header[PackFormat.HeaderGuardAt..]);
        PackFormatException.Require(
            guard == PackFormat.Guard(header[..PackFormat.HeaderGuardAt]), PackFormat.HeaderGuardAt, "the guard of the pack header does not match");
        var version = BinaryPrimitives.ReadUInt16LittleEndian(header[PackFormat.HeaderVersionAt..]);
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(header[PackFormat.HeaderFlagsAt..]);
        var size = BinaryPrimitives.ReadUInt32LittleEndian(header[PackFormat.HeaderSizeAt..]);
        var reserved = header[PackFormat.HeaderReservedAt..PackFormat.HeaderGuardAt];
        if (version != PackFormat.Version || flags != 0 || size != PackFormat.HeaderBytes || reserved.ContainsAnyExcept((byte)0))
        {
            throw new PackFormatException(PackFormat.HeaderVersionAt, $"the pack has version {version} and flags {flags:x4}", isNewer: true);
        }

        return new PackHeader(
            new PackId(header.Slice(PackFormat.HeaderPackIdAt, PackId.Bytes)),
            new Guid(header.Slice(PackFormat.HeaderStoreIdAt, PackId.Bytes), bigEndian: true));
    }
}
