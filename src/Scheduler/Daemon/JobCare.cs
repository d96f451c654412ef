using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Recovery;
using Checkpointer.Scheduler.Schedules;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>
/// The care of one job: its dumps, its end, its recovery. One thing at a time (<see cref="InTurnAsync{T}"/>): a dump and a recovery of one job can never overlap, and what is due while
/// another runs is done once, after it. A root that is our child is reaped in its turn, too, never while a tracer of ours waits for it.
/// </summary>
internal sealed class JobCare(string name, CareParts parts) : IDisposable
{
    /// <summary>How long a recovery waits for somebody who does not reap the process that crashed, and how often it looks.</summary>
    private static readonly TimeSpan _reapMax = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan _reapLook = TimeSpan.FromSeconds(5);

    /// <summary>Between the begin of any dump and of one because of pressure.</summary>
    private static readonly TimeSpan _pressureApart = TimeSpan.FromMinutes(1);

    private const int EventsLooked = 200; // failures since the last good run: with the most attempts, over the most recent generations

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly JobLocator _locator = new(parts.Engine);
    private readonly Remnants _remnants = new(name, parts);
    private readonly Waiters _waiters = new(parts.Engine);
    private readonly RehearsalCare _rehearsals = new(name, parts);
    private JobDumper? _dumper;
    private (DumpChoices Choices, string Rules)? _dumpsBy;
    private ProcessIdentity? _followed;
    private DateTimeOffset? _lastStart;
    private TimeSpan? _cost;
    private (long Generation, DateTimeOffset At)? _cameBack;
    private DateTimeOffset? _unreapedSince;
    private ProcessIdentity? _pressureOf;
    private bool _isLookWaiting;

    /// <summary>Name of the job.</summary>
    public string Name => name;

    /// <summary>What it does now, and when its next dump is due.</summary>
    public CareState State { get; private set; } = CareState.Unknown;

    /// <summary>True where it does not run, and will not be brought back by itself.</summary>
    public bool IsOver => _turn.CurrentCount > 0 && State.RetryAt is null
        && State.Word is not (CareState.Running or CareState.Paused or CareState.Recovering or CareState.Waiting) && State != CareState.Unknown;

    private string DumpKey => $"dump {name}";

    private string RecoveryKey => $"recover {name}";

    /// <summary>Looks at the job and does what its policy says: follow it, recover it, or let it be. May be called again at any time.</summary>
    public Task LookAsync() => InTurnAsync(
        async () =>
        {
            _isLookWaiting = false;
            await LookInTurnAsync();
            await _rehearsals.ArmAsync(parts.Store.Job(name));
            return true;
        },
        parts.Stopping);

    /// <summary>Takes over a child of ours that was started and registered just now; it may have ended already, and how is known then, too.</summary>
    public Task AdoptAsync(ProcessIdentity child) => InTurnAsync(
        async () =>
        {
            await FollowAsync(parts.Store.Job(name), child);
            return true;
        },
        parts.Stopping);

    /// <summary>The same, after what is under way: one look waits, not each that comes meanwhile. Dumps as regular as the looks would be under way at every one of them.</summary>
    public Task LookWhenIdleAsync() => Interlocked.Exchange(ref _isLookWaiting, true) ? Task.CompletedTask : LookAsync();

    /// <summary>Takes a generation.</summary>
    /// <param name="choices">What is done about state that cannot be carried; null for what the policy says.</param>
    /// <param name="stops">The job is stopped after it.</param>
    /// <param name="cancellation">Cancels until the commit.</param>
    public Task<DumpOutcome> DumpAsync(DumpChoices? choices, bool stops, CancellationToken cancellation)
        => InTurnAsync(() => DumpInTurnAsync(choices, stops, cancellation), cancellation);

    /// <summary>When its next rehearsal is due; null for never.</summary>
    public DateTimeOffset? NextRehearsal => _rehearsals.Next;

    /// <summary>Tries whether the job would come back, beside whatever it does.</summary>
    public Task<RehearsalOutcome> RehearseAsync(CancellationToken cancellation) => _rehearsals.RunAsync(cancellation);

    /// <summary>Recovers the job because somebody says so: history and policy have no say.</summary>
    /// <param name="recover">What is done.</param>
    /// <param name="keepFiles">Files are left as they are.</param>
    /// <param name="pidNamespace">Whether it gets a PID namespace of its own; null: as the options say.</param>
    /// <param name="cancellation">Cancels.</param>
    public Task<RecoveryOutcome> RecoverAsync(
        Func<JobRecoverer, JobRecord, RecoveryOutcome> recover, bool keepFiles, PidNamespaceChoice? pidNamespace, CancellationToken cancellation) => InTurnAsync(
        async () =>
        {
            JobRecord job = parts.Store.Job(name);
            if (_locator.FindRunning(job) is null)
            {
                await DropAsync();
            }

            await _rehearsals.EndAsync();
            RecoveryOutcome outcome = await FollowedFromTheStartAsync(() => OnOwnThreadAsync(() => recover(Recoverer(keepFiles, pidNamespace), job)));
            if (outcome.Restored is { } restored)
            {
                CameBack(restored);
            }

            await LookInTurnAsync();
            return outcome;
        },
        cancellation);

    /// <summary>A process does nothing but wait for the job, until its own end: what it has open does not keep the job from coming back.</summary>
    public void WaitedForBy(ProcessId process) => _waiters.Add(process);

    /// <summary>Suspends dumps and recoveries, or goes on with them.</summary>
    public Task SetPausedAsync(bool isPaused) => InTurnAsync(
        async () =>
        {
            if (parts.Store.Job(name).IsPaused != isPaused)
            {
                parts.Store.SetPaused(name, isPaused);
                parts.History.Note(name, isPaused ? EventKind.Paused : EventKind.Resumed, "");
            }

            await LookInTurnAsync();
            return true;
        },
        parts.Stopping);

    /// <summary>Ends the care of the job; it runs on.</summary>
    public Task UnregisterAsync() => InTurnAsync(
        async () =>
        {
            parts.Store.Unregister(name);
            await _rehearsals.ArmAsync(parts.Store.Job(name));
            await _rehearsals.EndAsync();
            await DropAsync();
            State = CareState.Unknown;
            return true;
        },
        parts.Stopping);

    /// <summary>Lets go of the job; it runs on without protection of its pages. Waits for what is under way.</summary>
    public Task LetGoAsync() => InTurnAsync(
        async () =>
        {
            await _rehearsals.EndAsync();
            await DropAsync();
            return true;
        },
        CancellationToken.None);

    /// <inheritdoc/>
    public void Dispose()
    {
        _dumper?.Dispose();
        _rehearsals.Dispose();
        _turn.Dispose();
    }

    private static Task<T> OnOwnThreadAsync<T>(Func<T> work)
        => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private async Task<T> InTurnAsync<T>(Func<Task<T>> work, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            return await work();
        }
        finally
        {
            _turn.Release();
        }
    }

    private JobRecoverer Recoverer(bool keepFiles, PidNamespaceChoice? pidNamespace)
        => new(parts.Engine, parts.Store, new GenerationRestorer(
            parts.Engine, parts.Store, new NoProgress(), parts.Time, new RestoreChoices(null, keepFiles, pidNamespace, Waiting: _waiters.Descriptors()), built: Follow));

    private async Task LookInTurnAsync()
    {
        JobRecord job = parts.Store.Job(name);
        if (!job.IsRegistered)
        {
            await DropAsync();
            State = CareState.Unknown;
            return;
        }

        if (_locator.FindRunning(job) is { } running)
        {
            await FollowAsync(job, running);
            return;
        }

        if (_followed is { } followed && job.Cgroup is null && job.Pid == followed.Pid.Value && job.StartTicks == followed.StartTicks)
        {
            return; // it has just ended, and the watcher is about to tell how
        }

        if (State.RetryAt is not null && !job.IsPaused)
        {
            return;
        }

        await DropAsync();
        State = State with { Word = job.Outcome.Length > 0 ? job.Outcome : ComesBack(job, IsOfAnotherBoot(job)) ? CareState.Recovering : CareState.Gone };
        if (job.Outcome.Length == 0)
        {
            await FoundGoneAsync(job);
        }
        else if (job.Outcome == EventKind.Stopped && IsOfAnotherBoot(job))
        {
            await RecoverByPolicyAsync(job, EventKind.Stopped, isBoot: true);
        }
    }

    /// <summary>The job ended while nobody watched.</summary>
    private async Task FoundGoneAsync(JobRecord job)
    {
        if (parts.Store.Events(name, 1) is not [{ Kind: EventKind.RecoveryFailed or EventKind.Failed or EventKind.Killed or EventKind.Vanished or EventKind.Interrupted }])
        {
            parts.History.Ended(name, job.Pid, ProcessEnd.Unknown, relapsedFrom: null);
        }

        await RecoverByPolicyAsync(job, EventKind.Vanished, IsOfAnotherBoot(job));
    }

    private bool IsOfAnotherBoot(JobRecord job)
        => parts.Engine.Identify(new ProcessId(Environment.ProcessId)) is { } ourselves && ourselves.BootId != job.BootId;

    private async Task FollowAsync(JobRecord job, ProcessIdentity running)
    {
        if (_followed != running)
        {
            await DropAsync();
            Follow(running);
            parts.Engine.ThawLeft(JobLocator.ScopeOf(job));
        }

        if (job.Outcome.Length > 0)
        {
            parts.Store.SetOutcome(name, "");
        }

        _remnants.Remember(job);
        await ArmAsync(parts.Store.Job(name));
    }

    /// <summary>Waits for the end of a process that the care is about from now on.</summary>
    private void Follow(ProcessIdentity root)
    {
        _followed = root;
        _lastStart ??= parts.Store.Generations(name) is [.., var latest] ? latest.CreatedAt : null;
        parts.Ends.Watch(root, collect => _ = Task.Run(() => EndedAsync(root, collect)));
    }

    private void Unfollow()
    {
        if (_followed is { } followed)
        {
            parts.Ends.Forget(followed);
            parts.Pressure?.Forget(name);
            _followed = null;
            _pressureOf = null;
        }
    }

    /// <summary>A restore: what it restores is followed before it runs, since it may end at once, and no more where the restore fails after all.</summary>
    private async Task<RecoveryOutcome> FollowedFromTheStartAsync(Func<Task<RecoveryOutcome>> restore)
    {
        ProcessIdentity? before = _followed;
        try
        {
            return await restore();
        }
        catch
        {
            if (_followed != before)
            {
                Unfollow();
            }

            throw;
        }
    }

    /// <summary>Forgets process, tracker and timers.</summary>
    private async Task DropAsync()
    {
        await parts.Timers.DisarmAsync(DumpKey);
        await parts.Timers.DisarmAsync(RecoveryKey);
        State = State with { Root = null, NextDump = null, RetryAt = null };
        Unfollow();
        DropDumper();
    }

    private void DropDumper()
    {
        _dumper?.Dispose();
        _dumper = null;
        _dumpsBy = null;
    }

    private async Task ArmAsync(JobRecord job)
    {
        WatchPressure(job);
        State = State with { Word = job.IsPaused ? CareState.Paused : CareState.Running, Root = _followed, NextDump = job.IsPaused ? null : NextDump(job) };
        if (State.NextDump is { } due)
        {
            await parts.Timers.ArmAsync(DumpKey, due, DumpIsDueAsync);
        }
        else
        {
            await parts.Timers.DisarmAsync(DumpKey);
        }
    }

    private void WatchPressure(JobRecord job)
    {
        ProcessIdentity? wanted = parts.Pressure is null || job.IsPaused || parts.Policies.Resolve(job).ToEventPolicy().OnMemoryPressure == PressureChoice.None ? null : _followed;
        if (wanted == _pressureOf)
        {
            return;
        }

        _pressureOf = wanted;
        try
        {
            parts.Pressure!.Forget(name);
            if (wanted is { } root)
            {
                parts.Pressure.Watch(name, root, () => _ = Task.Run(PressedAsync));
            }
        }
        catch (Exception failure) when (CareParts.IsExpected(failure))
        {
            DaemonLog.Failed(parts.Log, failure, name, "the watch of its memory"); // all else that is done for it goes on
        }
    }

    /// <summary>Memory is short. One dump; the pressure goes on telling, and a dump itself needs memory.</summary>
    private Task PressedAsync() => _turn.CurrentCount == 0 ? Task.CompletedTask : DumpBecauseAsync(
        job => _followed is not null && !job.IsPaused && (_lastStart is not { } last || parts.Time.GetUtcNow() - last > _pressureApart),
        _ => parts.History.Note(name, EventKind.Pressed, "tasks wait for memory: a dump is taken", _followed));

    private DateTimeOffset? NextDump(JobRecord job)
    {
        DateTimeOffset? last = _lastStart < job.RegisteredAt ? null : _lastStart;
        return parts.Policies.Resolve(job).ToSchedule(name, parts.Time.LocalTimeZone)
            ?.Next(new ScheduleMoment(parts.Time.GetUtcNow(), last, _cost, MeanTimeBetweenFailures(job), job.RegisteredAt));
    }

    private TimeSpan MeanTimeBetweenFailures(JobRecord job)
    {
        int crashes = parts.Store.Events(name, EventsLooked).Count(happened => happened.At >= job.RegisteredAt && EventKind.IsCrash(happened.Kind));
        return FailureRate.MeanTimeBetween(crashes, parts.Time.GetUtcNow() - job.RegisteredAt);
    }

    private void NoteMissed(JobRecord job)
    {
        DateTimeOffset now = parts.Time.GetUtcNow();
        if (parts.Policies.Resolve(job).ToSchedule(name, parts.Time.LocalTimeZone) is { } schedule && NextDump(job) is { } due
            && MissedTimes.After(schedule, due, new ScheduleMoment(now, LastStart: null, _cost, MeanTimeBetweenFailures(job), job.RegisteredAt)) is > 0 and var missed)
        {
            parts.History.Missed(name, missed);
        }
    }

    private Task DumpIsDueAsync() => DumpBecauseAsync(
        job => _followed is not null && !job.IsPaused && NextDump(job) <= parts.Time.GetUtcNow(),
        NoteMissed);

    /// <summary>Dumps, where there is a reason still when it is its turn.</summary>
    private async Task DumpBecauseAsync(Func<JobRecord, bool> isDue, Action<JobRecord> noteDue)
    {
        try
        {
            await InTurnAsync(
                async () =>
                {
                    JobRecord job = parts.Store.Job(name);
                    if (isDue(job))
                    {
                        noteDue(job);
                        _ = await DumpInTurnAsync(choices: null, stops: false, parts.Stopping);
                    }
                    else if (_followed is not null)
                    {
                        // Another dump came first, or the clock was put back.
                        await ArmAsync(job);
                    }

                    return true;
                },
                parts.Stopping);
        }
        catch (Exception failure) when (CareParts.IsExpected(failure) || failure is OperationCanceledException)
        {
            // In the history already; the next one is due in time.
        }
        catch (Exception defect) when (defect is not OutOfMemoryException)
        {
            DaemonLog.Failed(parts.Log, defect, name, "a dump");
        }
    }

    private async Task<DumpOutcome> DumpInTurnAsync(DumpChoices? choices, bool stops, CancellationToken cancellation)
    {
        JobRecord job = parts.Store.Job(name);
        JobPolicy policy = parts.Policies.Resolve(job);
        (ProcessIdentity Root, GenerationName? Generation)? begun = null;
        try
        {
            ProcessIdentity root = _locator.RequireRunning(job);
            JobDumper dumper = DumperFor(job, policy, root, choices ?? policy.ToChoices());
            DumpOutcome outcome = await parts.Slots.RunAsync(
                () =>
                {
                    _lastStart = parts.Time.GetUtcNow();
                    begun = (root, null);
                    return parts.Hooks.BeforeAsync(name, root, policy.Hooks);
                },
                () => dumper.Dump(expectedBytes: 0, stops, cancellation),
                cancellation);
            begun = (root, outcome.Generation.Name);
            _cost = outcome.Generation.Duration;
            _cameBack = null;
            parts.History.Dumped(outcome);
            await AfterDumpAsync(job, policy, dumper, stops);
            return outcome;
        }
        catch (Exception failure) when (CareParts.IsExpected(failure))
        {
            parts.History.DumpFailed(name, failure);
            throw;
        }
        finally
        {
            if (begun is { } dump)
            {
                await parts.Hooks.AfterAsync(name, dump.Root, policy.Hooks, dump.Generation);
            }

            if (_followed is not null && !parts.Stopping.IsCancellationRequested)
            {
                await ArmAsync(parts.Store.Job(name));
            }
        }
    }

    private async Task AfterDumpAsync(JobRecord job, JobPolicy policy, JobDumper dumper, bool stops)
    {
        if (stops)
        {
            // In this order: were we killed in between, the job would run, and be followed again as what it is.
            parts.Store.SetOutcome(name, EventKind.Stopped);
            await OnOwnThreadAsync(() =>
            {
                dumper.Stop();
                return true;
            });
            parts.History.Note(name, EventKind.Stopped, "dumped and stopped", dumper.Root);
            return;
        }

        _remnants.Remember(job);
        Retain(policy);
    }

    private void Retain(JobPolicy policy)
    {
        RetentionPolicy retention = policy.ToRetentionPolicy();
        if (retention.IsEmpty)
        {
            return;
        }

        IReadOnlyList<RetentionVerdict> plan = Retention.Plan(retention, parts.Store.Generations(name), policy.Zone(parts.Time.LocalTimeZone), isFinished: false);
        int forgotten = parts.Store.Forget(plan.Where(verdict => !verdict.IsKept).Select(verdict => verdict.Generation.Name)).Count;
        if (forgotten > 0)
        {
            DaemonLog.Forgotten(parts.Log, name, forgotten);
            parts.Forgot();
        }
    }

    /// <summary>The dumper of the last generation goes on, so that the next one is incremental, unless process or policy are others now.</summary>
    private JobDumper DumperFor(JobRecord job, JobPolicy policy, ProcessIdentity root, DumpChoices choices)
    {
        string rules = new JobPolicy { Files = policy.Files, Limits = policy.Limits }.ToText();
        if (_dumper is null || (job.Cgroup is null && _dumper.Root != root) || _dumpsBy != (choices, rules))
        {
            DropDumper();
            _dumper = new JobDumper(parts.Engine, parts.Store, new NoProgress(), job with { Policy = policy.ToText() }, root, choices);
            _dumpsBy = (choices, rules);
        }

        return _dumper;
    }

    private async Task EndedAsync(ProcessIdentity process, Func<ProcessEnd> collect)
    {
        try
        {
            await InTurnAsync(
                async () =>
                {
                    if (_followed == process && parts.Store.Job(name).Cgroup is null)
                    {
                        // What followed it is in its PID namespace, which cannot end before.
                        DropDumper();
                    }

                    ProcessEnd end = collect();
                    if (_followed == process)
                    {
                        await EndedInTurnAsync(process, end);
                    }

                    return true;
                },
                parts.Stopping);
        }
        catch (OperationCanceledException)
        {
            // The service ends. Its next start finds the job gone.
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Nobody waits for this task: what is not told here is never known.
            DaemonLog.Failed(parts.Log, failure, name, "the look at its end");
        }
    }

    private async Task EndedInTurnAsync(ProcessIdentity process, ProcessEnd end)
    {
        JobRecord job = parts.Store.Job(name);
        if (job.Cgroup is not null && _locator.FindRunning(job) is { } next)
        {
            // The first process of a cgroup may end and the job go on.
            parts.Ends.Watch(next, collect => _ = Task.Run(() => EndedAsync(next, collect)));
            _followed = next;
            State = State with { Root = next };
            return;
        }

        await DropAsync();
        if (!job.IsRegistered || job.Outcome == EventKind.Stopped)
        {
            State = State with { Word = job.Outcome };
            return;
        }

        if (await parts.Shutdown.IsUnderWayAsync())
        {
            parts.History.Interrupted(name, process.Pid.Value, end);
            State = State with { Word = EventKind.Interrupted, LastEnd = end };
            return;
        }

        RecoveryPolicy policy = parts.Policies.Resolve(job).ToRecoveryPolicy();
        long? relapsedFrom = _cameBack is { } back && parts.Time.GetUtcNow() - back.At < policy.Grace ? back.Generation : null;
        string kind = parts.History.Ended(name, process.Pid.Value, end, relapsedFrom);
        State = State with { Word = kind != EventKind.Finished && ComesBack(job, isBoot: false) ? CareState.Recovering : kind, LastEnd = end };
        if (kind == EventKind.Finished)
        {
            parts.Store.SetOutcome(name, kind);
            return;
        }

        await RecoverByPolicyAsync(job, kind, isBoot: false);
    }

    private static RecoveryChoice ChoiceOf(RecoveryPolicy policy, bool isBoot) => isBoot ? policy.OnBoot : policy.OnCrash;

    /// <summary>Whether the service brings a job back by itself. Said before it begins to: whoever waits for the end of the job must not take the crash for it.</summary>
    private bool ComesBack(JobRecord job, bool isBoot)
        => !job.IsPaused && ChoiceOf(parts.Policies.Resolve(job).ToRecoveryPolicy(), isBoot) == RecoveryChoice.Auto;

    private async Task RecoverByPolicyAsync(JobRecord job, string kind, bool isBoot)
    {
        RecoveryPolicy policy = parts.Policies.Resolve(job).ToRecoveryPolicy();
        if (ChoiceOf(policy, isBoot) != RecoveryChoice.Manual && await parts.Shutdown.IsUnderWayAsync())
        {
            return; // the next boot decides
        }

        if (ChoiceOf(policy, isBoot) == RecoveryChoice.Never)
        {
            parts.Store.SetOutcome(name, kind);
        }

        if (!ComesBack(job, isBoot))
        {
            return;
        }

        if (!isBoot)
        {
            _remnants.Kill();
        }

        await TryNextAsync(policy);
    }

    private async Task TryNextAsync(RecoveryPolicy policy)
    {
        while (true)
        {
            IReadOnlyList<GenerationRecord> generations = parts.Store.Generations(name);
            if (RecoveryPlan.Choose(generations, parts.Store.Events(name, EventsLooked), policy) is not { } plan)
            {
                parts.Store.SetOutcome(name, EventKind.GaveUp);
                parts.History.Note(name, EventKind.GaveUp, generations.Count == 0 ? "there is no generation to restore" : "every generation has failed too often or is damaged");
                State = State with { Word = EventKind.GaveUp };
                return;
            }

            if (plan.Delay > TimeSpan.Zero && State.RetryAt is null)
            {
                DaemonLog.WillTry(parts.Log, name, plan.Generation.Number, plan.Delay);
                await RetryAtAsync(parts.Time.GetUtcNow() + plan.Delay);
                return;
            }

            State = State with { Word = CareState.Recovering, RetryAt = null };
            if (await TryRestoreAsync(plan.Generation))
            {
                return;
            }
        }
    }

    private async Task RetryAtAsync(DateTimeOffset due)
    {
        State = State with { Word = CareState.Waiting, RetryAt = due };
        await parts.Timers.ArmAsync(RecoveryKey, due, RetryIsDueAsync);
    }

    private async Task RetryIsDueAsync()
    {
        try
        {
            await InTurnAsync(
                async () =>
                {
                    JobRecord job = parts.Store.Job(name);
                    if (State.RetryAt is not null && job is { IsRegistered: true, IsPaused: false } && _locator.FindRunning(job) is null)
                    {
                        await TryNextAsync(parts.Policies.Resolve(job).ToRecoveryPolicy());
                    }

                    return true;
                },
                parts.Stopping);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            DaemonLog.Failed(parts.Log, failure, name, "a recovery");
        }
    }

    /// <summary>Restores one generation. False where it failed, which is in the history then.</summary>
    private async Task<bool> TryRestoreAsync(GenerationName generation)
    {
        try
        {
            await _rehearsals.EndAsync();
            RecoveryOutcome outcome = await FollowedFromTheStartAsync(
                () => parts.Restores.RunAsync(() => Recoverer(keepFiles: false, pidNamespace: null).RestoreOnly(generation, parts.Stopping), parts.Stopping));
            CameBack(outcome.Restored!);
            await LookInTurnAsync();
            return true;
        }
        catch (Exception elsewhere) when (elsewhere is SchedulerException { Reason: SchedulerFailure.Running } or StoreException { Reason: StoreFailure.Locked })
        {
            // Somebody restores it by hand, or has done so. The next look finds it, or finds it gone.
            DaemonLog.Failed(parts.Log, elsewhere, name, "a recovery");
            State = State with { Word = CareState.Gone };
            return true;
        }
        catch (EngineException unreaped) when (unreaped.Reason == EngineFailure.PidUnreaped && !HasWaitedLong())
        {
            // No fault of the generation: whoever started the job has to wait for it, and is told by the event.
            if (_unreapedSince is null)
            {
                _unreapedSince = parts.Time.GetUtcNow();
                parts.History.RecoveryWaits(generation, unreaped);
            }

            await RetryAtAsync(parts.Time.GetUtcNow() + _reapLook);
            return true;
        }
        catch (Exception failure) when (CareParts.IsExpected(failure))
        {
            parts.History.RecoveryFailed(generation, failure);
            return false;
        }
    }

    private bool HasWaitedLong() => _unreapedSince is { } since && parts.Time.GetUtcNow() - since > _reapMax;

    private void CameBack(RestoredGeneration restored)
    {
        _cameBack = (restored.Generation.Number, parts.Time.GetUtcNow());
        _unreapedSince = null;
        parts.History.Recovered(restored);
    }
}
