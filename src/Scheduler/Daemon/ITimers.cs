namespace Checkpointer.Scheduler.Daemon;

/// <summary>Timers of the service, one for each key. What fires runs on a thread of the pool.</summary>
internal interface ITimers
{
    /// <summary>Sets a timer; one of the same key is replaced. A time that has passed fires at once.</summary>
    Task ArmAsync(string key, DateTimeOffset due, Func<Task> fired);

    /// <summary>Takes a timer away, where there is one.</summary>
    Task DisarmAsync(string key);
}
