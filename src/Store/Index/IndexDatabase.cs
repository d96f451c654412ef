using Checkpointer.Store.Encryption;
using Checkpointer.Store.Files;
using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>
/// One connection to the index, with WAL and synchronous=FULL. Everything runs under one lock, so it is safe for use from any
/// thread; several processes share the file through SQLite's own locks. The index is a cache of the packs.
/// </summary>
internal sealed class IndexDatabase : IDisposable
{
    private const int HeaderBytes = 100;

    /// <summary>How long to wait for another process's transaction: the largest commit inserts some millions of rows.</summary>
    private const int BusySeconds = 60;

    /// <summary>The time-out is <see cref="BusySeconds"/>, for prepared statements, which have no retries of ADO.NET around them.</summary>
    private const string Pragmas =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 60000;";

    /// <summary>An index is written again when at least one part in so many is free: so what that costs is paid by what was removed.</summary>
    private const int CompactDivisor = 4;

    /// <summary>Less is not worth a pause.</summary>
    private const long CompactBytesMin = 1 << 20;

    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection;
    private readonly string _path;
    private ChunkCommands? _chunks;

    private IndexDatabase(SqliteConnection connection, string path)
    {
        _connection = connection;
        _path = path;
    }

    /// <summary>Opens an index that exists and updates its schema.</summary>
    /// <param name="files">File system.</param>
    /// <param name="path">Of the index.</param>
    /// <param name="vfs">The file layer of an encrypted index, else null.</param>
    /// <exception cref="StoreException">Corrupt, UnsupportedVersion, NotPermitted, Locked or Full.</exception>
    public static IndexDatabase Open(IFileSystem files, string path, string? vfs)
    {
        RequireWhole(files, path, vfs is not null);
        return Connect(path, vfs);
    }

    /// <summary>Creates an empty index at a path where there is none.</summary>
    /// <param name="files">File system.</param>
    /// <param name="path">Of the index.</param>
    /// <param name="vfs">The file layer of an encrypted index, else null.</param>
    public static IndexDatabase Create(IFileSystem files, string path, string? vfs)
    {
        // SQLite would create the file with the umask's mode.
        files.Create(path).Dispose();
        return Connect(path, vfs);
    }

    /// <summary>Runs raw commands under the lock, SQLite's failures in the store's words.</summary>
    public T Run<T>(Func<SqliteConnection, T> action)
    {
        lock (_gate)
        {
            try
            {
                return action(_connection);
            }
            catch (SqliteException exception)
            {
                throw IndexFailure.From(exception, _path);
            }
            catch (Exception exception) when (exception is InvalidCastException or InvalidOperationException or OverflowException or ArgumentOutOfRangeException)
            {
                // SQLite keeps no checksums: a flipped bit can make a number a text, or too large to be one.
                throw IndexFailure.Corrupt(_path, $"a row holds what it cannot: {exception.Message}", exception);
            }
        }
    }

    /// <summary>Runs prepared chunk commands under the lock.</summary>
    public T RunChunks<T>(Func<ChunkCommands, T> action)
        => Run(connection => action(_chunks ??= new ChunkCommands(connection)));

    /// <summary>Moves the write-ahead log into the database and cuts it to nothing, as far as readers let it go. A generation of scattered pages
    /// touches most pages of the index, and the log would keep the size of the largest.</summary>
    public void ShortenLog()
        => Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE);" + Pragmas;
            return command.ExecuteNonQuery();
        });

    /// <summary>Gives free pages back to the file system, where they are so many that it is worth to write the rest again. Readers may go on, and see what was there when they began.
    /// Precondition: no writer is alive, or it would wait for as long as this takes.</summary>
    /// <returns>Bytes by which the database is smaller; 0 where nothing was done.</returns>
    public long Compact()
        => Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT p.page_count * s.page_size, f.freelist_count * s.page_size FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s";
            var (all, free) = ReadPair(command);
            if (free < CompactBytesMin || free < all / CompactDivisor)
            {
                return 0;
            }

            command.CommandText = "VACUUM";
            command.ExecuteNonQuery();
            command.CommandText = "SELECT p.page_count * s.page_size, 0 FROM pragma_page_count p, pragma_page_size s";
            return all - ReadPair(command).First;
        });

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _chunks?.Dispose();
            _connection.Dispose();
        }
    }

    private static (long First, long Second) ReadPair(SqliteCommand command)
    {
        using var reader = command.ExecuteReader();
        reader.Read();
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    private static IndexDatabase Connect(string path, string? vfs)
    {
        var index = new IndexDatabase(IndexConnection.New(path, vfs, BusySeconds), path);
        try
        {
            return index.Run(connection =>
            {
                connection.Open();
                using var pragmas = connection.CreateCommand();
                pragmas.CommandText = Pragmas;
                pragmas.ExecuteNonQuery();
                Schema.Update(connection);
                return index;
            });
        }
        catch
        {
            index.Dispose();
            throw;
        }
    }

    // SQLite notices a truncated file only when it happens to read a missing page. With no WAL beside it, the header's page count
    // (bytes 28..31, sqlite.org/fileformat.html) must be the file's.
    // An encrypted one proves every page by itself, and tells how many there are only when it is open.
    private static void RequireWhole(IFileSystem files, string path, bool isEncrypted)
    {
        using var file = files.OpenRead(path)!;
        var header = new byte[HeaderBytes];
        if (file.ReadFully(0, header) < HeaderBytes)
        {
            throw IndexFailure.Corrupt(path, $"it has {file.Length} bytes, fewer than a database header");
        }

        if (isEncrypted)
        {
            var bytes = BlockFile.BytesOf(1);
            var isTorn = file.Length % bytes != 0 && files.Length(path + "-wal") is null or 0;
            if (file.Length < bytes || isTorn)
            {
                throw IndexFailure.Corrupt(path, $"it is cut short: {file.Length} bytes");
            }

            return;
        }

        if (!header.AsSpan().StartsWith("SQLite format 3\0"u8))
        {
            throw IndexFailure.Corrupt(path, "it is not a database");
        }

        int pageBytes = System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(16));
        var pages = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(28));
        pageBytes = pageBytes == 1 ? 65536 : pageBytes;
        if (files.Length(path + "-wal") is null or 0 && file.Length < (long)pages * pageBytes)
        {
            throw IndexFailure.Corrupt(path, $"it is cut short: {file.Length} of {(long)pages * pageBytes} bytes");
        }
    }
}
