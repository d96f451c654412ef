namespace Checkpointer.Scheduler.Policies;

/// <summary>When it is tried whether the job would come back.</summary>
internal sealed record RehearseRules
{
    /// <summary>When; null for by hand.</summary>
    public ScheduleRules? Schedule { get; init; }

    /// <summary>These, and what they do not say from others.</summary>
    public RehearseRules Over(RehearseRules? below) => below is null ? this : new RehearseRules { Schedule = Schedule?.Over(below.Schedule) ?? below.Schedule };
}
