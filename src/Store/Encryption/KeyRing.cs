using System.Security.Cryptography;
using Checkpointer.Store.Files;

namespace Checkpointer.Store.Encryption;

/// <summary>The files in <c>keys/</c>: each wraps the same master key by another secret, so secrets come and go without a byte of the packs being written again.</summary>
internal sealed class KeyRing(IFileSystem files, StorePaths paths)
{
    private const string Extension = ".key";

    /// <summary>Makes the master key of a new store and wraps it. Precondition: nothing is encrypted with another one yet.</summary>
    public void Create(StoreSecret secret, Guid store, string label, DateTimeOffset now)
    {
        RequireStrong(secret);
        files.CreateDirectory(paths.Keys);
        foreach (var name in files.List(paths.Keys) ?? [])
        {
            files.Delete(Path.Combine(paths.Keys, name)); // of a creation that was cut short
        }

        Span<byte> master = stackalloc byte[StoreCipher.KeyBytes];
        RandomNumberGenerator.Fill(master);
        Publish(KeySlot.Wrap(secret, master, store, label, now));
        CryptographicOperations.ZeroMemory(master);
        files.SyncDirectory(paths.Root);
    }

    /// <summary>What can be read of the ring, the oldest first.</summary>
    /// <exception cref="StoreException">Corrupt: there is none, or none that can be read.</exception>
    public IReadOnlyList<KeySlot> All()
    {
        var slots = new List<KeySlot>();
        string? damage = null;
        foreach (var name in (files.List(paths.Keys) ?? []).Where(name => name.EndsWith(Extension, StringComparison.Ordinal)))
        {
            try
            {
                slots.Add(Read(name));
            }
            catch (FormatException exception)
            {
                damage = $": {name}: {exception.Message}";
            }
        }

        return slots.Count > 0
            ? [.. slots.OrderBy(slot => slot.CreatedAt).ThenBy(slot => slot.Id, StringComparer.Ordinal)]
            : throw new StoreException(
                StoreFailure.Corrupt, $"the store {paths.Root} is encrypted, and {paths.Keys} holds no key that can be read{damage}",
                "restore that directory from a backup: without it nobody can read the store");
    }

    /// <summary>Opens the store.</summary>
    /// <param name="secret">What was given, or null.</param>
    /// <param name="store">The store's id.</param>
    /// <exception cref="StoreException">NoKey: nothing was given, or it opens none of the ring. Corrupt.</exception>
    public StoreCipher Open(StoreSecret? secret, Guid store)
    {
        Span<byte> master = stackalloc byte[StoreCipher.KeyBytes];
        Unwrap(secret, store, master);
        var cipher = new StoreCipher(master);
        CryptographicOperations.ZeroMemory(master);
        return cipher;
    }

    /// <summary>Wraps the master key by one more secret.</summary>
    /// <exception cref="StoreException">NoKey: the secret that opens the store does not, or the new one is too weak.</exception>
    public KeySlot Add(StoreSecret? opening, StoreSecret added, Guid store, string label, DateTimeOffset now)
    {
        RequireStrong(added);
        Span<byte> master = stackalloc byte[StoreCipher.KeyBytes];
        Unwrap(opening, store, master);
        var slot = KeySlot.Wrap(added, master, store, label, now);
        Span<byte> back = stackalloc byte[StoreCipher.KeyBytes];
        Invariant.Require(KeySlot.Decode(slot.Encode()).TryUnwrap(added, store, back) && back.SequenceEqual(master), $"key {slot.Id} does not open again");
        Publish(slot);
        CryptographicOperations.ZeroMemory(master);
        CryptographicOperations.ZeroMemory(back);
        return slot;
    }

    /// <summary>Removes a key of the ring. The last one stays: nobody could read the store any more.</summary>
    /// <exception cref="StoreException">NotFound; Failed: it is the last one.</exception>
    public void Remove(string id)
    {
        var slots = All();
        if (slots.All(slot => slot.Id != id))
        {
            throw new StoreException(StoreFailure.NotFound, $"the store {paths.Root} has no key {id}", "'checkpointer key list' lists them");
        }

        if (slots.Count == 1)
        {
            throw new StoreException(StoreFailure.Failed, $"key {id} is the only one: without it nobody could read the store any more", "add another one first");
        }

        files.Delete(Path.Combine(paths.Keys, id + Extension));
        files.SyncDirectory(paths.Keys);
    }

    /// <summary>The key of the ring that a secret opens.</summary>
    /// <exception cref="StoreException">NoKey; Corrupt.</exception>
    public KeySlot Unwrap(StoreSecret? secret, Guid store, Span<byte> master)
    {
        if (secret is null)
        {
            throw new StoreException(
                StoreFailure.NoKey, $"the store {paths.Root} is encrypted, and no key was given", "name its key file with --key-file or Store:KeyFile; `verify` without a key checks checksums only");
        }

        foreach (var slot in All())
        {
            if (slot.TryUnwrap(secret, store, master))
            {
                return slot;
            }
        }

        throw new StoreException(
            StoreFailure.NoKey, $"the {(secret.IsPassphrase ? "passphrase" : "key file")} is none of those that open the store {paths.Root}",
            "name another key file with --key-file or Store:KeyFile");
    }

    // A passphrase is guessed on machines that we do not know, for as long as somebody likes.
    private static void RequireStrong(StoreSecret secret)
    {
        if (secret.IsPassphrase && System.Text.Encoding.UTF8.GetCharCount(secret.Bytes) < StoreSecret.PassphraseCharactersMin)
        {
            throw new StoreException(
                StoreFailure.NoKey, $"a passphrase has at least {StoreSecret.PassphraseCharactersMin} characters", "'checkpointer key new FILE' makes a key file, which nobody can guess");
        }
    }

    private KeySlot Read(string name)
    {
        using var file = files.OpenRead(Path.Combine(paths.Keys, name)) ?? throw new FormatException("it has vanished");
        var bytes = new byte[KeySlot.FileBytesMax];
        var slot = KeySlot.Decode(bytes.AsMemory(0, file.ReadFully(0, bytes)));
        return slot.Id + Extension == name ? slot : throw new FormatException($"it holds key {slot.Id}");
    }

    private void Publish(KeySlot slot)
    {
        using var file = new DurableFile(files, paths.Temporary, Path.Combine(paths.Keys, slot.Id + Extension));
        file.Append(slot.Encode());
        file.Publish();
    }
}
