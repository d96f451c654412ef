using System.Security.Cryptography;
using System.Text;
using Checkpointer.Store.Chunking;
using Checkpointer.Store.Interop;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Encryption;

/// <summary>
/// Overview. All that is derived from the master key of an encrypted store, each for one purpose, by HKDF-SHA256: the names of chunks, the ciphers of
/// payloads and of the index, and the names of lock files. Payloads are bound to their record headers, so that none is good under another name, kind or size. Safe for use from any thread.
/// </summary>
internal sealed class StoreCipher : IDisposable
{
    /// <summary>Bytes of the master key, and of every key made of it.</summary>
    public const int KeyBytes = 32;

    /// <summary>Bytes by which a payload is longer than what it encrypts.</summary>
    public const int OverheadBytes = CipherSet.OverheadBytes;

    private const int TokenBytes = 16;

    private readonly byte[] _tokenKey;
    private readonly CipherSet _payloads;
    private readonly CipherSet _index;
    private readonly Lazy<EncryptedVfs> _vfs;

    /// <summary>Derives everything; the master key is not kept.</summary>
    public StoreCipher(ReadOnlySpan<byte> master)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(master.Length, KeyBytes);
        Names = new ChunkNames(master);
        _tokenKey = Derive(master, "checkpointer 1 file names");
        _payloads = new CipherSet(Derive(master, "checkpointer 1 payloads"));
        _index = new CipherSet(Derive(master, "checkpointer 1 index"));
        _vfs = new Lazy<EncryptedVfs>(() => new EncryptedVfs(_index));
    }

    /// <summary>What SQLite calls the file layer that encrypts the index.</summary>
    public string VfsName => _vfs.Value.Name;

    /// <summary>Names of chunks.</summary>
    public ChunkNames Names { get; }

    /// <summary>What a text is called where a file must be named by it.</summary>
    public string Token(string text)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_tokenKey, Encoding.UTF8.GetBytes(text), mac);
        return Convert.ToHexStringLower(mac[..TokenBytes]);
    }

    /// <summary>Encrypts into a payload, which is <see cref="OverheadBytes"/> longer than the text.</summary>
    /// <param name="header">Of the record; all of it but the payload's guard is bound.</param>
    /// <param name="text">What is encrypted.</param>
    /// <param name="payload">Where to.</param>
    public void Encrypt(RecordHeader header, ReadOnlySpan<byte> text, Span<byte> payload)
    {
        Span<byte> bound = stackalloc byte[PackFormat.RecordPayloadGuardAt];
        header.WriteBound(bound);
        _payloads.Encrypt(KeyOf(header.Chunk), bound, text, payload);
    }

    /// <summary>Decrypts; false where the payload is not what was encrypted under that header with the key of this store.</summary>
    public bool TryDecrypt(RecordHeader header, ReadOnlySpan<byte> payload, Span<byte> text)
    {
        Span<byte> bound = stackalloc byte[PackFormat.RecordPayloadGuardAt];
        header.WriteBound(bound);
        return _payloads.TryDecrypt(KeyOf(header.Chunk), bound, payload, text);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_vfs.IsValueCreated)
        {
            _vfs.Value.Dispose();
        }

        _payloads.Dispose();
        _index.Dispose();
        Names.Dispose();
        CryptographicOperations.ZeroMemory(_tokenKey);
    }

    // The first byte of the name, which is as good as random.
    private static byte KeyOf(ChunkId chunk) => unchecked((byte)chunk.GetHashCode());

    // Pinned, so that no collection of garbage leaves copies behind.
    private static byte[] Derive(ReadOnlySpan<byte> master, string purpose)
    {
        var key = GC.AllocateArray<byte>(KeyBytes, pinned: true);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, master, key, salt: [], Encoding.ASCII.GetBytes(purpose));
        return key;
    }
}
