using Checkpointer.Store.Encryption;
using Checkpointer.Store.Files;
using Checkpointer.Store.Interop;

namespace Checkpointer.Store;

/// <summary>A key of an encrypted store, as far as it can be known without it.</summary>
/// <param name="Id">What it is called.</param>
/// <param name="Label">What it is for, in the words of whoever added it. Readable by all who can read the store.</param>
/// <param name="CreatedAt">When it was added.</param>
/// <param name="Derivation">How the wrapping key is made: <c>hkdf-sha256</c> of a key file, <c>pbkdf2-hmac-sha512</c> of a passphrase.</param>
/// <param name="Iterations">Of the latter; 0 of the former.</param>
public sealed record StoreKey(string Id, string Label, DateTimeOffset CreatedAt, string Derivation, int Iterations);

/// <summary>The keys that open an encrypted store. Changes of them take one file each, whatever the size of the store; those who have it open notice nothing.</summary>
public static class StoreKeys
{
    /// <summary>Whether the store is encrypted.</summary>
    /// <exception cref="StoreException">NoStore, Corrupt or UnsupportedVersion.</exception>
    public static bool IsEncrypted(string directory) => StoreFormat.Read(new LinuxFileSystem(), PathsOf(directory)).IsEncrypted;

    /// <summary>All keys, the oldest first. Needs none.</summary>
    /// <exception cref="StoreException">NoKey: the store is not encrypted; Corrupt.</exception>
    public static IReadOnlyList<StoreKey> All(string directory) => [.. Ring(directory, out _).All().Select(ToKey)];

    /// <summary>Adds a key.</summary>
    /// <param name="directory">The store.</param>
    /// <param name="options">How the store is opened.</param>
    /// <param name="added">What shall open it from now on, too.</param>
    /// <param name="label">For people.</param>
    /// <exception cref="StoreException">NoKey: the store is not encrypted, does not open, or the new secret is too weak.</exception>
    /// <exception cref="ArgumentException">The label is too long, or more than one line.</exception>
    public static StoreKey Add(string directory, StoreOptions options, StoreSecret added, string label)
    {
        if (label.Length > KeySlot.LabelCharactersMax || label.Any(char.IsControl))
        {
            throw new ArgumentException($"a label has at most {KeySlot.LabelCharactersMax} characters, and one line", nameof(label));
        }

        return ToKey(Ring(directory, out var store).Add(options.Secret, added, store, label, TimeProvider.System.GetUtcNow()));
    }

    /// <summary>Removes a key, not the one by which the store is opened. Who has a copy of the key's file in the store, and the secret, can still open what there was.</summary>
    /// <exception cref="StoreException">NoKey; NotFound; Failed: the store is opened by it.</exception>
    public static void Remove(string directory, StoreOptions options, string id)
    {
        var ring = Ring(directory, out var store);
        if (Opening(ring, options, store).Id == id)
        {
            throw new StoreException(StoreFailure.Failed, $"key {id} is the one by which you open the store", "remove it with another key, or change it: 'checkpointer key change'");
        }

        ring.Remove(id);
    }

    /// <summary>Puts another secret into the place of the one by which the store is opened.</summary>
    /// <returns>The new key.</returns>
    /// <exception cref="StoreException">NoKey.</exception>
    public static StoreKey Change(string directory, StoreOptions options, StoreSecret added)
    {
        var ring = Ring(directory, out var store);
        var old = Opening(ring, options, store);
        var slot = ring.Add(options.Secret, added, store, old.Label, TimeProvider.System.GetUtcNow());
        ring.Remove(old.Id);
        return ToKey(slot);
    }

    private static KeySlot Opening(KeyRing ring, StoreOptions options, Guid store)
    {
        Span<byte> master = stackalloc byte[StoreCipher.KeyBytes];
        var slot = ring.Unwrap(options.Secret, store, master);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(master);
        return slot;
    }

    private static KeyRing Ring(string directory, out Guid store)
    {
        var (files, paths) = (new LinuxFileSystem(), PathsOf(directory));
        var format = StoreFormat.Read(files, paths);
        store = format.StoreId;
        return format.IsEncrypted ? new KeyRing(files, paths)
            : throw new StoreException(StoreFailure.NoKey, $"the store {paths.Root} is not encrypted, and has no keys", "a store is encrypted from the begin: 'checkpointer init --encrypt'");
    }

    private static StorePaths PathsOf(string directory) => new(Path.GetFullPath(directory));

    private static StoreKey ToKey(KeySlot slot) => new(slot.Id, slot.Label, slot.CreatedAt, slot.Derivation, slot.Iterations);
}
