using Checkpointer.Store.Chunking;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Checkpointer.Store.Index;

/// <summary>A prepared statement without the objects that ADO.NET makes per execution: a generation looks up and inserts 16 000 chunks
/// per GiB. Precondition of all: the index's lock is held.</summary>
internal sealed class RawStatement : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly sqlite3_stmt _statement;

    /// <summary>Compiles a constant text.</summary>
    public RawStatement(SqliteConnection connection, string text)
    {
        _connection = connection;
        Require(raw.sqlite3_prepare_v2(connection.Handle, text, out _statement));
    }

    /// <summary>Binds a chunk id. Parameters count from 1.</summary>
    public void Bind(int parameter, ChunkId id)
    {
        Span<byte> bytes = stackalloc byte[ChunkId.Bytes];
        id.CopyTo(bytes);
        Require(raw.sqlite3_bind_blob(_statement, parameter, bytes));
    }

    /// <summary>Binds a number.</summary>
    public void Bind(int parameter, long value) => Require(raw.sqlite3_bind_int64(_statement, parameter, value));

    /// <summary>Moves to the next row; false after the last. Must be followed by <see cref="Reset"/> in the end.</summary>
    public bool Step()
    {
        var result = raw.sqlite3_step(_statement);
        if (result is not (raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            raw.sqlite3_reset(_statement);
            Require(result);
        }

        return result == raw.SQLITE_ROW;
    }

    /// <summary>A number of the current row. Columns count from 0.</summary>
    public long Number(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <summary>A blob of the current row, valid until the next call.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(_statement, column);

    /// <summary>Ends the execution and its read transaction.</summary>
    public void Reset() => raw.sqlite3_reset(_statement);

    /// <inheritdoc/>
    public void Dispose() => _statement.Dispose();

    private void Require(int result) => SqliteException.ThrowExceptionForRC(result, _connection.Handle);
}
