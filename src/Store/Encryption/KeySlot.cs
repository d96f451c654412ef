using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Checkpointer.Store.Encryption;

/// <summary>
/// The master key of a store, wrapped by a key that is made of one secret: of a key file by HKDF-SHA256, which costs nothing because nobody can guess 256 bits; of a passphrase by
/// PBKDF2-HMAC-SHA512. AES-256-GCM with a random nonce; everything else that the file says, and whose store it is of, is bound as associated data. A file of JSON in <c>keys/</c>.
/// </summary>
internal sealed record KeySlot(string Id, string Label, DateTimeOffset CreatedAt, string Derivation, int Iterations, byte[] Salt, byte[] Nonce, byte[] Wrapped)
{
    /// <summary>Derivation from a key file.</summary>
    public const string OfFile = "hkdf-sha256";

    /// <summary>Derivation from a passphrase.</summary>
    public const string OfPassphrase = "pbkdf2-hmac-sha512";

    /// <summary>Most characters of a label.</summary>
    public const int LabelCharactersMax = 64;

    /// <summary>Most bytes of the file.</summary>
    public const int FileBytesMax = 4096;

    /// <summary>Iterations for a new passphrase: five times what OWASP asked for in 2023 (210 000), 0.4 s of one processor here.</summary>
    private const int IterationsNow = 1_000_000;

    /// <summary>More than this is a file that is meant to hold us up.</summary>
    private const int IterationsMax = 100_000_000;

    private const int Version = 1;
    private const int SaltBytes = 32;
    private const int IdBytes = 8;
    private const int WrappedBytes = StoreCipher.KeyBytes + CipherSet.TagBytes;

    /// <summary>Wraps a master key.</summary>
    public static KeySlot Wrap(StoreSecret secret, ReadOnlySpan<byte> master, Guid store, string label, DateTimeOffset now, int iterations = IterationsNow)
    {
        var slot = new KeySlot(
            Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes)), label, Instant.Truncate(now), secret.IsPassphrase ? OfPassphrase : OfFile,
            secret.IsPassphrase ? iterations : 0, RandomNumberGenerator.GetBytes(SaltBytes), RandomNumberGenerator.GetBytes(CipherSet.NonceBytes), new byte[WrappedBytes]);
        using var cipher = slot.CipherOf(secret);
        cipher.Encrypt(slot.Nonce, master, slot.Wrapped.AsSpan(0, StoreCipher.KeyBytes), slot.Wrapped.AsSpan(StoreCipher.KeyBytes), slot.Bound(store));
        return slot;
    }

    /// <summary>Unwraps; false where the secret is another, or the file is not what was written.</summary>
    public bool TryUnwrap(StoreSecret secret, Guid store, Span<byte> master)
    {
        if (secret.IsPassphrase != (Derivation == OfPassphrase))
        {
            return false;
        }

        try
        {
            using var cipher = CipherOf(secret);
            cipher.Decrypt(Nonce, Wrapped.AsSpan(0, StoreCipher.KeyBytes), Wrapped.AsSpan(StoreCipher.KeyBytes), master, Bound(store));
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <summary>Encodes.</summary>
    public byte[] Encode()
        => Encoding.UTF8.GetBytes(new JsonObject
        {
            ["version"] = Version,
            ["id"] = Id,
            ["label"] = Label,
            ["created_us"] = Instant.ToMicroseconds(CreatedAt),
            ["derivation"] = Derivation,
            ["iterations"] = Iterations,
            ["salt"] = Convert.ToBase64String(Salt),
            ["nonce"] = Convert.ToBase64String(Nonce),
            ["wrapped"] = Convert.ToBase64String(Wrapped),
        }.ToJsonString() + "\n");

    /// <summary>Decodes and checks.</summary>
    /// <exception cref="FormatException">Damaged, or of a newer version.</exception>
    public static KeySlot Decode(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var json = JsonDocument.Parse(bytes);
            var root = json.RootElement;
            var version = root.GetProperty("version").GetInt32();
            var slot = new KeySlot(
                Text(root, "id"), Text(root, "label"), Instant.FromMicroseconds(root.GetProperty("created_us").GetInt64()), Text(root, "derivation"),
                root.GetProperty("iterations").GetInt32(), root.GetProperty("salt").GetBytesFromBase64(), root.GetProperty("nonce").GetBytesFromBase64(),
                root.GetProperty("wrapped").GetBytesFromBase64());
            return version == Version && slot.IsValid() ? slot : throw new FormatException("a value is out of range, or it is of a newer version");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or ArgumentOutOfRangeException)
        {
            throw new FormatException(exception.Message, exception);
        }
    }

    private static string Text(JsonElement root, string name) => root.GetProperty(name).GetString() ?? throw new FormatException($"{name} is null");

    private bool IsValid()
        => Id.Length == 2 * IdBytes && Id.All(char.IsAsciiHexDigitLower) && Label.Length <= LabelCharactersMax
            && Salt.Length == SaltBytes && Nonce.Length == CipherSet.NonceBytes && Wrapped.Length == WrappedBytes
            && (Derivation == OfFile ? Iterations == 0 : Derivation == OfPassphrase && Iterations is > 0 and <= IterationsMax);

    private byte[] Bound(Guid store)
        => [.. Encoding.UTF8.GetBytes(string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"checkpointer key {Version}\n{store:N}\n{Id}\n{Label}\n{Instant.ToMicroseconds(CreatedAt)}\n{Derivation}\n{Iterations}\n")), .. Salt];

    private AesGcm CipherOf(StoreSecret secret)
    {
        Span<byte> key = stackalloc byte[StoreCipher.KeyBytes];
        if (secret.IsPassphrase)
        {
            Rfc2898DeriveBytes.Pbkdf2(secret.Bytes, Salt, key, Iterations, HashAlgorithmName.SHA512);
        }
        else
        {
            HKDF.DeriveKey(HashAlgorithmName.SHA256, secret.Bytes, key, Salt, "checkpointer 1 key file"u8);
        }

        var cipher = new AesGcm(key, CipherSet.TagBytes);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }
}
