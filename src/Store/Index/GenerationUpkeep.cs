using Microsoft.Data.Sqlite;

namespace Checkpointer.Store.Index;

/// <summary>Changes of committed generations: pins, what verify found, and their end. Each call is one transaction.</summary>
internal sealed class GenerationUpkeep(IndexDatabase index)
{
    private const string Which = "WHERE number = $number AND job_id = (SELECT id FROM jobs WHERE name = $job)";

    /// <summary>Makes generations not exist any more; returns those that did, and that nobody pinned meanwhile.</summary>
    public IReadOnlyList<GenerationName> Forget(IEnumerable<GenerationName> names)
        => index.Run(connection => Change(
            connection, $"DELETE FROM generations {Which} AND NOT is_pinned", names.Select(name => (name, true, ""))));

    /// <summary>Pins or unpins a generation.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public void Pin(GenerationName name, bool isPinned, string note)
    {
        var changed = index.Run(connection => Change(
            connection, $"UPDATE generations SET is_pinned = $value, note = $note {Which}", [(name, isPinned, note)]));
        if (changed.Count == 0)
        {
            throw GenerationTable.NotFound(name);
        }
    }

    /// <summary>Remembers what a verify found.</summary>
    public void SetDamaged(IEnumerable<GenerationName> walked, IReadOnlySet<GenerationName> spoiled)
        => index.Run(connection => Change(
            connection, $"UPDATE generations SET is_damaged = $value {Which} AND is_damaged <> $value",
            walked.Select(name => (name, spoiled.Contains(name), ""))));

    private static List<GenerationName> Change(
        SqliteConnection connection, string sql, IEnumerable<(GenerationName Name, bool Value, string Note)> changes)
    {
        var changed = new List<GenerationName>();
        using var transaction = connection.BeginTransaction();
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // the texts are constants of this class
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value, note) in changes)
        {
            command.Parameters.Clear();
            command.Parameters.AddWithValue("$job", name.Job);
            command.Parameters.AddWithValue("$number", name.Number);
            command.Parameters.AddWithValue("$value", value);
            command.Parameters.AddWithValue("$note", note);
            if (command.ExecuteNonQuery() > 0)
            {
                changed.Add(name);
            }
        }

        transaction.Commit();
        return changed;
    }
}
