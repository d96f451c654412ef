using System.Security.Cryptography;

namespace Checkpointer.Store.Encryption;

/// <summary>
/// AES-256-GCM with random nonces, and 256 keys made of one by HKDF, chosen by whoever encrypts: each then sees about a 256th of the messages, and 2^40 of them can be
/// written before one has seen the 2^32 that NIST SP 800-38D, 8.3, allows with random nonces. A message is nonce, ciphertext, tag. Safe for use from any thread.
/// </summary>
internal sealed class CipherSet : IDisposable
{
    /// <summary>Bytes of the nonce in front of a ciphertext.</summary>
    public const int NonceBytes = 12;

    /// <summary>Bytes of the tag behind it.</summary>
    public const int TagBytes = 16;

    /// <summary>Bytes by which a message is longer than its text.</summary>
    public const int OverheadBytes = NonceBytes + TagBytes;

    private const int Keys = 256;

    private readonly byte[] _key;
    private readonly AesGcm?[] _ciphers = new AesGcm?[Keys];
    private readonly Lock[] _gates = [.. Enumerable.Range(0, Keys).Select(_ => new Lock())];

    /// <summary>Takes ownership of the key.</summary>
    public CipherSet(byte[] key) => _key = key;

    /// <summary>Encrypts.</summary>
    /// <param name="which">Which of the keys.</param>
    /// <param name="bound">What the message is bound to; not part of it.</param>
    /// <param name="text">What is encrypted.</param>
    /// <param name="message">Where to.</param>
    public void Encrypt(byte which, ReadOnlySpan<byte> bound, ReadOnlySpan<byte> text, Span<byte> message)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(message.Length, text.Length + OverheadBytes);
        var nonce = message[..NonceBytes];
        RandomNumberGenerator.Fill(nonce);
        lock (_gates[which])
        {
            CipherOf(which).Encrypt(nonce, text, message[NonceBytes..^TagBytes], message[^TagBytes..], bound);
        }
    }

    /// <summary>Decrypts; false where the message is not what was encrypted with that key and bound to that.</summary>
    public bool TryDecrypt(byte which, ReadOnlySpan<byte> bound, ReadOnlySpan<byte> message, Span<byte> text)
    {
        try
        {
            lock (_gates[which])
            {
                CipherOf(which).Decrypt(message[..NonceBytes], message[NonceBytes..^TagBytes], message[^TagBytes..], text, bound);
            }

            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_key);
        foreach (var cipher in _ciphers)
        {
            cipher?.Dispose();
        }
    }

    // Precondition: the gate of the key is held. A cipher has a state of its own and serves one thread at a time.
    private AesGcm CipherOf(byte which)
    {
        if (_ciphers[which] is { } cipher)
        {
            return cipher;
        }

        Span<byte> key = stackalloc byte[StoreCipher.KeyBytes];
        HKDF.Expand(HashAlgorithmName.SHA256, _key, key, [which]);
        _ciphers[which] = new AesGcm(key, TagBytes);
        CryptographicOperations.ZeroMemory(key);
        return _ciphers[which]!;
    }
}
