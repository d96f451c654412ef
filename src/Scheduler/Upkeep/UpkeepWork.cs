using Checkpointer.Scheduler.Schedules;

namespace Checkpointer.Scheduler.Upkeep;

/// <summary>A kind of upkeep.</summary>
/// <param name="Name">A word for it.</param>
/// <param name="Schedule">When it is due; null for never.</param>
/// <param name="Run">Does it, on the calling thread. Returns whether all was well, and a sentence.</param>
internal sealed record UpkeepWork(string Name, ISchedule? Schedule, Func<CancellationToken, (bool IsGood, string Detail)> Run)
{
    /// <summary>Stored bytes are proved.</summary>
    public const string Verify = "verify";

    /// <summary>Space is given back.</summary>
    public const string Collect = "gc";
}

/// <summary>How a kind of upkeep stands.</summary>
/// <param name="Work">Its name.</param>
/// <param name="Schedule">When it is due, as people write it.</param>
/// <param name="Last">The last one; null for none.</param>
/// <param name="Next">When the next one is due; null for never.</param>
/// <param name="IsUnderWay">Whether it is being done.</param>
internal sealed record UpkeepState(string Work, string Schedule, UpkeepRecord? Last, DateTimeOffset? Next, bool IsUnderWay);
