namespace Checkpointer.Scheduler.Schedules;

/// <summary>Times of a clock on a wall that an expression names, without any time zone. Immutable.</summary>
internal interface IWallClockPattern
{
    /// <summary>The first that it names from a time on; null where there is none any more.</summary>
    DateTime? AtOrAfter(DateTime wall);
}
