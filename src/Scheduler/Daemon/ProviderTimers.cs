namespace Checkpointer.Scheduler.Daemon;

/// <summary>Timers of a clock, for the care of a few jobs without a service around it.</summary>
internal sealed class ProviderTimers(TimeProvider time) : ITimers, IDisposable
{
    /// <summary>The longest that a timer of .NET takes; one that is due later is set again then.</summary>
    private static readonly TimeSpan _longest = TimeSpan.FromDays(40);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ITimer> _timers = [];

    /// <inheritdoc/>
    public Task ArmAsync(string key, DateTimeOffset due, Func<Task> fired)
    {
        TimeSpan left = due - time.GetUtcNow();
        lock (_gate)
        {
            Remove(key);
            _timers[key] = time.CreateTimer(
                _ => _ = Task.Run(() => left > _longest ? ArmAsync(key, due, fired) : fired()),
                null,
                left < TimeSpan.Zero ? TimeSpan.Zero : left > _longest ? _longest : left,
                Timeout.InfiniteTimeSpan);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task DisarmAsync(string key)
    {
        lock (_gate)
        {
            Remove(key);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (ITimer timer in _timers.Values)
            {
                timer.Dispose();
            }

            _timers.Clear();
        }
    }

    private void Remove(string key)
    {
        if (_timers.Remove(key, out ITimer? timer))
        {
            timer.Dispose();
        }
    }
}
