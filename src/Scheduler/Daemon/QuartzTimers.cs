using System.Collections.Concurrent;
using Quartz;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>Timers by Quartz: one trigger for each key, all of one Quartz job.</summary>
internal sealed class QuartzTimers(ISchedulerFactory schedulers) : ITimers, IDisposable
{
    private static readonly JobKey _job = new("fire");
    private readonly ConcurrentDictionary<string, Func<Task>> _fired = new();
    private readonly SemaphoreSlim _adding = new(1, 1);
    private bool _isAdded;

    /// <inheritdoc/>
    public async Task ArmAsync(string key, DateTimeOffset due, Func<Task> fired)
    {
        IScheduler scheduler = await SchedulerAsync();
        _fired[key] = fired;
        ITrigger trigger = TriggerBuilder.Create().WithIdentity(key).ForJob(_job).StartAt(due).Build();
        await _adding.WaitAsync();
        try
        {
            if (await scheduler.Exists(trigger.Key))
            {
                await scheduler.RescheduleJob(trigger.Key, trigger);
            }
            else
            {
                await scheduler.ScheduleJob(trigger);
            }
        }
        finally
        {
            _adding.Release();
        }
    }

    /// <inheritdoc/>
    public async Task DisarmAsync(string key)
    {
        _fired.TryRemove(key, out _);
        IScheduler scheduler = await SchedulerAsync();
        await scheduler.UnscheduleJob(new TriggerKey(key));
    }

    /// <inheritdoc/>
    public void Dispose() => _adding.Dispose();

    /// <summary>Runs what a key was armed with.</summary>
    private Task FireAsync(string key) => _fired.TryGetValue(key, out Func<Task>? fired) ? fired() : Task.CompletedTask;

    private async Task<IScheduler> SchedulerAsync()
    {
        IScheduler scheduler = await schedulers.GetScheduler();
        await _adding.WaitAsync();
        try
        {
            if (!_isAdded)
            {
                await scheduler.AddJob(JobBuilder.Create<Fire>().WithIdentity(_job).StoreDurably().Build(), new AddJobOptions());
                _isAdded = true;
            }
        }
        finally
        {
            _adding.Release();
        }

        return scheduler;
    }

    /// <summary>What Quartz runs. Does not wait for what it starts: a dump may take hours, and would hold one of Quartz's threads.</summary>
    internal sealed class Fire(QuartzTimers timers) : IJob
    {
        /// <inheritdoc/>
        public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
        {
            _ = Task.Run(() => timers.FireAsync(context.Trigger.Key.Name), CancellationToken.None);
            return ValueTask.CompletedTask;
        }
    }
}
