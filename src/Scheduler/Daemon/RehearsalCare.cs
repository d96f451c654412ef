using Checkpointer.Scheduler.Recovery;
using Checkpointer.Scheduler.Schedules;
using Checkpointer.Scheduler.Upkeep;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>
/// The rehearsals of one job: by its policy, and when somebody asks. Beside its dumps, which go first (<see cref="Courtesy"/>); a recovery ends one that is under way and waits for its end, because
/// for a moment that has the files of the job open.
/// </summary>
internal sealed class RehearsalCare(string name, CareParts parts) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _gate = new();
    private Action? _cancel;
    private DateTimeOffset? _armed;

    private string Key => $"rehearse {name}";

    /// <summary>When the next one is due; null for never.</summary>
    public DateTimeOffset? Next
    {
        get
        {
            lock (_gate)
            {
                return _armed;
            }
        }

        private set
        {
            lock (_gate)
            {
                _armed = value;
            }
        }
    }

    /// <summary>Sets the timer by what the policy says now.</summary>
    public async Task ArmAsync(JobRecord job)
    {
        DateTimeOffset? due = parts.Rehearsals is null || !job.IsRegistered || job.IsPaused ? null : NextOf(job);
        bool isAboutToBegin = due is not null && Next <= parts.Time.GetUtcNow(); // or under way: whoever looks again just then must not put it off
        if (due == Next || isAboutToBegin)
        {
            return;
        }

        Next = due;
        if (due is { } time)
        {
            await parts.Timers.ArmAsync(Key, time, IsDueAsync);
        }
        else
        {
            await parts.Timers.DisarmAsync(Key);
        }
    }

    /// <summary>Rehearses now.</summary>
    /// <exception cref="OperationCanceledException">A recovery goes first, or it was cancelled.</exception>
    public async Task<RehearsalOutcome> RunAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, parts.Stopping);
        try
        {
            lock (_gate)
            {
                _cancel = ending.Cancel;
            }

            JobRecord job = parts.Store.Job(name);
            var courtesy = new Courtesy(parts.Slots, parts.Time, ending.Token);
            RehearsalOutcome outcome = await (parts.Rehearsals ?? parts.Restores).RunAsync(
                () => new Rehearser(parts.Engine, parts.Store, parts.Time).Rehearse(job, courtesy, ending.Token), ending.Token);
            parts.Memory?.RememberRehearsal(name, outcome.ToRecord(parts.Time.GetUtcNow()));
            parts.History.Rehearsed(outcome);
            return outcome;
        }
        finally
        {
            lock (_gate)
            {
                _cancel = null;
            }

            _turn.Release();
        }
    }

    /// <summary>Ends the one that is under way, and waits until nothing of it is there.</summary>
    public async Task EndAsync()
    {
        Cancel();
        await _turn.WaitAsync();
        _turn.Release();
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private void Cancel()
    {
        lock (_gate)
        {
            _cancel?.Invoke();
        }
    }

    private DateTimeOffset? NextOf(JobRecord job)
    {
        ISchedule? schedule = parts.Policies.Resolve(job).ToRehearsalSchedule(name, parts.Time.LocalTimeZone);
        DateTimeOffset last = parts.Memory?.Rehearsal(name)?.At is { } at && at > job.RegisteredAt ? at : job.RegisteredAt;
        return schedule?.Next(new ScheduleMoment(parts.Time.GetUtcNow(), last));
    }

    private async Task IsDueAsync()
    {
        try
        {
            if (parts.Store.Generations(name).Count == 0)
            {
                Next = null; // too early: looked at again soon
                return;
            }

            _ = await RunAsync(parts.Stopping);
            Next = null;
            await ArmAsync(parts.Store.Job(name));
        }
        catch (OperationCanceledException)
        {
            Next = null; // the service ends, or a recovery goes first: it is due still, and armed again at the next look
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            DaemonLog.Failed(parts.Log, failure, name, "a rehearsal");
            Next = null;
        }
    }
}
