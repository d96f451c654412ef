namespace Checkpointer.Scheduler.Schedules;

/// <summary>What becomes of due times that were missed because the host or the service was down, or a dump took too long.</summary>
internal enum MisfireRule
{
    /// <summary>One dump at once for all of them.</summary>
    Once,

    /// <summary>Nothing: the next is the first due time to come.</summary>
    Skip,
}
