using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>Turns SQLite's result codes (sqlite.org/rescode.html) into the store's words.</summary>
internal static class IndexFailure
{
    private const int Busy = 5;
    private const int Locked = 6;
    private const int ReadOnly = 8;
    private const int IoError = 10;
    private const int CorruptDatabase = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NotADatabase = 26;

    /// <summary>What to do about a damaged index, everywhere the same.</summary>
    public const string RebuildHint =
        "delete or move away index.db (and index.db-wal, index.db-shm): it is rebuilt from the packs the next time the store is opened";

    /// <summary>The failure that an SQLite exception means.</summary>
    public static StoreException From(SqliteException exception, string path)
    {
        var message = $"index {path}: {exception.Message}";
        return exception.SqliteErrorCode switch
        {
            CorruptDatabase or NotADatabase => Corrupt(path, exception.Message, exception),
            IoError when exception.SqliteExtendedErrorCode == Encryption.BlockFile.BadData => Corrupt(path, "a page is not what was encrypted with the key of the store", exception),
            Full or IoError when exception.SqliteErrorCode == Full || HasNoSpace(path) => new StoreException(StoreFailure.Full, $"{message} (no space left)", "free space on the file system of the store", exception),
            Busy or Locked => new StoreException(StoreFailure.Locked, message, "another process holds the index; try again", exception),
            ReadOnly or CannotOpen => new StoreException(StoreFailure.NotPermitted, message, "run as the owner of the store", exception),
            _ => new StoreException(StoreFailure.Failed, message, null, exception),
        };
    }

    /// <summary>SQLite says "I/O error" where its shared memory file cannot grow; one page that does not fit is enough for that.</summary>
    private static bool HasNoSpace(string path)
    {
        const long SharedMemoryBytes = 64 * 1024;
        return new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(path))!).AvailableFreeSpace < SharedMemoryBytes;
    }

    /// <summary>A damaged index.</summary>
    public static StoreException Corrupt(string path, string what, Exception? inner = null)
        => new(StoreFailure.Corrupt, $"the index {path} is damaged: {what}", RebuildHint, inner);
}
