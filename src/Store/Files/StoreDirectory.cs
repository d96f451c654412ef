using System.Security.Cryptography;
using Checkpointer.Store.Encryption;

namespace Checkpointer.Store.Files;

/// <summary>Creates and checks the directory tree of a store.</summary>
internal static class StoreDirectory
{
    /// <summary>Creates what is missing. The format file comes last: a creation that was cut short is taken up again.</summary>
    /// <param name="files">File system.</param>
    /// <param name="paths">The store's paths.</param>
    /// <param name="secret">What shall open the store, which is encrypted then; null for one that is not.</param>
    /// <param name="now">When.</param>
    /// <exception cref="StoreException">The directory holds something else, or cannot be written; NoKey: the passphrase is too weak.</exception>
    public static void Create(IFileSystem files, StorePaths paths, StoreSecret? secret, DateTimeOffset now)
    {
        if (files.Length(paths.Format) is not null)
        {
            return;
        }

        RefuseForeign(files, paths);
        files.CreateDirectory(paths.Root);
        files.Protect(paths.Root);
        files.CreateDirectory(paths.Packs);
        files.CreateDirectory(paths.Locks);
        files.CreateDirectory(paths.Temporary);
        using (Interop.FileLock.Exclusive(paths.IndexLock))
        {
            CreateFormat(files, paths, secret, now);
        }
    }

    // Precondition: we hold the index lock; two programs may create the same store at once.
    private static void CreateFormat(IFileSystem files, StorePaths paths, StoreSecret? secret, DateTimeOffset now)
    {
        if (files.Length(paths.Format) is not null)
        {
            return;
        }

        files.Delete(Path.Combine(paths.Temporary, Path.GetFileName(paths.Format)));
        files.SyncDirectory(paths.Root);
        var store = new Guid(RandomNumberGenerator.GetBytes(16));
        if (secret is not null)
        {
            new KeyRing(files, paths).Create(secret, store, "first", now);
        }

        StoreFormat.Create(files, paths, store, isEncrypted: secret is not null);
    }

    private static void RefuseForeign(IFileSystem files, StorePaths paths)
    {
        string[] own = [paths.Packs, paths.Locks, paths.Temporary, paths.Keys, paths.Format];
        var foreign = files.List(paths.Root)?.FirstOrDefault(name => !own.Contains(Path.Combine(paths.Root, name)))
            ?? (files.List(paths.Packs) is [var pack, ..] ? pack : null);
        if (foreign is not null)
        {
            throw new StoreException(StoreFailure.Failed, $"{paths.Root} is neither a store nor empty: it holds '{foreign}' and no file 'format'", "choose an empty or new directory with --store");
        }
    }
}
