namespace Checkpointer.Scheduler.Tests.Fakes;

/// <summary>A clock that stands still until somebody waits for it: then it is that much later at once. So durations are the same in every run.</summary>
internal sealed class SteppingTime : TimeProvider
{
    private long _ticks;

    /// <summary>Called at the start of every wait with the time since the beginning.</summary>
    public Action<TimeSpan> DuringWait { get; set; } = _ => { };

    /// <summary>Time since the beginning.</summary>
    public TimeSpan Elapsed => new(_ticks);

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => FakeStore.Epoch;

    public override long GetTimestamp() => _ticks;

    public void Advance(TimeSpan by) => _ticks += by.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        DuringWait(Elapsed);
        Advance(dueTime);
        callback(state);
        return new Fired();
    }

    private sealed class Fired : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException("it has fired");

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
