using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>Makes connections to an index, encrypted or not. All that SQLite writes for one goes through its file layer, temporary files too.</summary>
internal static class IndexConnection
{
    /// <summary>A connection that is not open yet.</summary>
    /// <param name="path">Of the index.</param>
    /// <param name="vfs">The file layer of an encrypted index, else null.</param>
    /// <param name="busySeconds">How long to wait for others.</param>
    public static SqliteConnection New(string path, string? vfs, int busySeconds)
        => new(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = busySeconds,
            Vfs = vfs,
        }.ToString());
}
