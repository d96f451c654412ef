using Checkpointer.Store.Files;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>Makes the <c>format</c> file again, where it is missing or damaged and the packs agree whose they are.</summary>
internal static class FormatRepair
{
    /// <summary>Whether it had to be made, or in a dry run would have to be.</summary>
    /// <exception cref="StoreException">NoStore or Corrupt: no pack says the store's id, or they say several; UnsupportedVersion.</exception>
    public static bool Run(IFileSystem files, StorePaths paths, bool isDryRun)
    {
        try
        {
            StoreFormat.Read(files, paths);
            return false;
        }
        catch (StoreException exception) when (exception.Reason is StoreFailure.Corrupt or StoreFailure.NoStore)
        {
            Guid[] ids = [.. (files.List(paths.Packs) ?? []).Select(name => StoreOf(files, Path.Combine(paths.Packs, name))).OfType<Guid>().Distinct()];
            if (ids.Length != 1)
            {
                throw;
            }

            if (!isDryRun)
            {
                files.CreateDirectory(paths.Temporary);
                Quarantine.Take(files, paths, paths.Format);
                files.Delete(Path.Combine(paths.Temporary, Path.GetFileName(paths.Format)));
                StoreFormat.Create(files, paths, ids[0], isEncrypted: files.List(paths.Keys) is [_, ..]);
            }

            return true;
        }
    }

    private static Guid? StoreOf(IFileSystem files, string path)
    {
        using var file = files.OpenRead(path);
        Span<byte> header = stackalloc byte[PackFormat.HeaderBytes];
        try
        {
            return file is null ? null : PackHeader.Read(header[..file.ReadFully(0, header)]).Store;
        }
        catch (PackFormatException)
        {
            return null; // damaged: the others say it
        }
    }
}
