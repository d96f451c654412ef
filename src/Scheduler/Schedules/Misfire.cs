namespace Checkpointer.Scheduler.Schedules;

/// <summary>When a due time counts as missed.</summary>
internal static class Misfire
{
    /// <summary>A due time that passed less than this ago is not missed but late: timers and queues take that long. The misfire threshold of Quartz.</summary>
    public static TimeSpan Grace { get; } = TimeSpan.FromMinutes(1);
}
