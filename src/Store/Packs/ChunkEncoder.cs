using Checkpointer.Store.Chunking;
using Checkpointer.Store.Compression;
using Checkpointer.Store.Encryption;

namespace Checkpointer.Store.Packs;

/// <summary>Makes records, encrypted ones where there is a cipher. One per thread: it owns its buffers.</summary>
internal sealed class ChunkEncoder(IBlockCodec codec, StoreCipher? cipher = null)
{
    /// <summary>LZ4 must save at least one part in so many, or the chunk stays raw and is read without decoding.</summary>
    private const int SavingDivisor = 16;

    /// <summary>LZ4's acceleration for shuffled bytes: their matches are long, and the planes of noise between them are left faster. Costs about 1 % of size.</summary>
    private const int ShuffledAcceleration = 4;

    private readonly CodecProbe _probe = new(codec);
    private readonly byte[] _shuffled = new byte[Geometry.ChunkBytesMax];
    private byte[] _record = new byte[PackFormat.RecordHeaderBytes + Geometry.ChunkBytesMax + StoreCipher.OverheadBytes];
    private byte[] _check = new byte[Geometry.ChunkBytesMax];

    // What is to be encrypted.
    private byte[] _text = cipher is null ? [] : new byte[Geometry.ChunkBytesMax];

    /// <summary>Encodes a record; the span is valid until the next call. Postcondition: it was decoded again and compared.</summary>
    public ReadOnlySpan<byte> Encode(ChunkKind kind, ChunkId id, ReadOnlySpan<byte> plain, out RecordHeader header)
    {
        Invariant.Require(plain.Length > 0 && plain.Length <= PackFormat.PlainBytesMax(kind), $"a {kind} chunk has {plain.Length} bytes");
        Grow(plain.Length);
        var text = cipher is null ? _record.AsSpan(PackFormat.RecordHeaderBytes) : _text.AsSpan();
        var stored = Compress(kind, plain, text[..(plain.Length - (plain.Length / SavingDivisor))], out var chosen);
        if (chosen == ChunkCodec.Raw)
        {
            plain.CopyTo(text);
            stored = plain.Length;
        }

        header = Finish(new RecordHeader(kind, chosen, stored, plain.Length, id, 0), text[..stored]);
        header.Write(_record);
        RequireReadable(header, plain);
        return _record.AsSpan(0, header.RecordBytes);
    }

    private RecordHeader Finish(RecordHeader header, ReadOnlySpan<byte> text)
    {
        if (cipher is null)
        {
            return header with { PayloadGuard = PackFormat.Guard(text) };
        }

        header = header with { Codec = header.Codec.WithEncryption(), StoredBytes = text.Length + StoreCipher.OverheadBytes };
        var payload = _record.AsSpan(PackFormat.RecordHeaderBytes, header.StoredBytes);
        cipher.Encrypt(header, text, payload);
        return header with { PayloadGuard = PackFormat.Guard(payload) };
    }

    // Maps, images and manifests are not made of numbers of one size: they are not worth a probe.
    private int Compress(ChunkKind kind, ReadOnlySpan<byte> plain, Span<byte> payload, out ChunkCodec chosen)
    {
        chosen = kind == ChunkKind.Data ? _probe.Choose(plain) : ChunkCodec.Lz4;
        var elementBytes = ChunkDecoder.ElementBytes(chosen);
        if (elementBytes != 0)
        {
            var shuffled = _shuffled.AsSpan(0, plain.Length);
            ByteShuffle.Shuffle(elementBytes, plain, shuffled);
            if (codec.Compress(shuffled, payload, ShuffledAcceleration) is var shortened and > 0)
            {
                return shortened;
            }

            chosen = ChunkCodec.Lz4; // the sample was not like the rest
        }

        var stored = codec.Compress(plain, payload);
        chosen = stored > 0 && stored < plain.Length ? ChunkCodec.Lz4 : ChunkCodec.Raw;
        return stored;
    }

    // A fault of memory or of the compressor must not reach the disk: this is the last moment at which the plain bytes exist.
    private void RequireReadable(RecordHeader header, ReadOnlySpan<byte> plain)
    {
        ReadOnlySpan<byte> decoded = _record.AsSpan(PackFormat.RecordHeaderBytes, header.StoredBytes);
        if (header.Codec != ChunkCodec.Raw)
        {
            var target = _check.AsSpan(0, plain.Length);
            ChunkDecoder.Expand(codec, header, decoded, target, 0, cipher);
            decoded = target;
        }

        Invariant.Require(decoded.SequenceEqual(plain), $"chunk {header.Chunk} does not decode to what was encoded");
        Invariant.Require(RecordHeader.Read(_record, 0) == header, $"the record header of chunk {header.Chunk} does not read back");
    }

    private void Grow(int plainBytes)
    {
        if (_check.Length < plainBytes)
        {
            _record = new byte[PackFormat.RecordHeaderBytes + plainBytes + StoreCipher.OverheadBytes];
            _check = new byte[plainBytes];
            _text = cipher is null ? [] : new byte[plainBytes];
        }
    }
}
