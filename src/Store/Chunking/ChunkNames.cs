using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Checkpointer.Store.Chunking;

/// <summary>
/// The names of chunks in one store: equal bytes have equal names, and nobody without the store's secret can tell what has which, or make bytes that have the name of others.
/// Overview. Names are a third of what a dump costs where they are SHA-256 of all bytes. Here two POLYVALs with secret points go over all bytes, at three times the speed, and SHA-256 makes a
/// name of their 32 bytes, a third key, and the length. The chance that any two of a store's chunks get one name is below n^2 / 2^212 for n chunks of up to 64 MiB. Safe for use from any thread.
/// </summary>
internal sealed class ChunkNames : IDisposable
{
    private const int KeyBytes = 16;
    private const int LengthBytes = sizeof(uint);

    private readonly byte[] _key = GC.AllocateArray<byte>(KeyBytes, pinned: true);
    private readonly Polyval _first;
    private readonly Polyval _second;

    /// <summary>Derives the keys; the secret is not kept.</summary>
    public ChunkNames(ReadOnlySpan<byte> secret)
    {
        Span<byte> keys = stackalloc byte[3 * KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, keys, salt: [], "checkpointer 2 chunk names"u8);
        keys[..KeyBytes].CopyTo(_key);
        _first = new Polyval(keys.Slice(KeyBytes, KeyBytes));
        _second = new Polyval(keys[(2 * KeyBytes)..]);
        CryptographicOperations.ZeroMemory(keys);
    }

    /// <summary>Of a store that is not encrypted the secret is its id, which stands in <c>format</c> and in every pack: who can read those can read the chunks.</summary>
    public static ChunkNames OfStore(Guid store)
    {
        Span<byte> id = stackalloc byte[KeyBytes];
        store.TryWriteBytes(id, bigEndian: true, out _);
        return new ChunkNames(id);
    }

    /// <summary>Name of a chunk.</summary>
    public ChunkId Of(ReadOnlySpan<byte> plain)
    {
        Span<byte> message = stackalloc byte[KeyBytes + (2 * Polyval.Bytes) + LengthBytes];
        _key.CopyTo(message);
        _first.Hash(plain, message[KeyBytes..]);
        _second.Hash(plain, message[(KeyBytes + Polyval.Bytes)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(message[^LengthBytes..], (uint)plain.Length);
        Span<byte> name = stackalloc byte[ChunkId.Bytes];
        SHA256.HashData(message, name);
        return new ChunkId(name);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_key);
        _first.Dispose();
        _second.Dispose();
    }
}
