using System.Globalization;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Control;
using Checkpointer.Scheduler.Daemon;
using Checkpointer.Scheduler.Jobs;

namespace Checkpointer.Scheduler.Running;

/// <summary>Runs a job that the service cares for. It is our child until it crashes; who comes back is the service's.</summary>
internal sealed class ServedRun(RunRequest request, string storeDirectory, ControlClient service, IProcessEnds ends, TimeProvider time, Action<string> tell) : IJobRun
{
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _greeting = TimeSpan.FromSeconds(2);

    /// <summary>systemd starts a service again within a second or two.</summary>
    private static readonly TimeSpan _silenceMax = TimeSpan.FromSeconds(5);

    /// <summary>What has ended may be brought back by a service that comes back: waited for that long, then nobody will. Not where we passed on a signal that asks to end: a host that goes down waits for us.</summary>
    private static readonly TimeSpan _absenceMax = TimeSpan.FromSeconds(60);

    private readonly TaskCompletionSource<ProcessEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ControlClient _service = service;
    private ProcessIdentity? _child;
    private Followed? _restored;
    private long? _silentSince;
    private bool _isSilenceTold;
    private int _pid;
    private bool _isRegistered;
    private volatile bool _isAskedToEnd;

    private string Path => $"/v1/jobs/{request.Name}";

    /// <inheritdoc/>
    public Task<string?> BeginAsync(CancellationToken cancellation)
    {
        StatusLine? known = TryStatus(cancellation);
        if (known is not null && known.State is CareState.Running or CareState.Paused or CareState.Recovering)
        {
            throw new SchedulerException(
                SchedulerFailure.Running, string.Create(CultureInfo.InvariantCulture, $"job {request.Name} is running (PID {known.Pid})"), "wait for its end, or choose another name");
        }

        if (known is { Generations: > 0 } && !EventKind.IsOver(known.State))
        {
            RecoverLine line = Recover(cancellation);
            _pid = line.Pid ?? 0;
            return line.Error is null ? Task.FromResult(line.Generation) : throw new ControlException(new ErrorLine(line.Error, line.Hint, line.ExitCode, []));
        }

        if (known is not null)
        {
            _ = _service.Ask(HttpMethod.Delete, Path, CliJson.Lines.UnregisterLine, cancellation);
        }

        Start(cancellation);
        return Task.FromResult<string?>(null);
    }

    /// <inheritdoc/>
    public void Signal(int signal)
    {
        _isAskedToEnd = true;
        if (_child is { } child && !_ended.Task.IsCompleted)
        {
            _ = ProcessLauncher.TrySignal(child, signal);
        }
        else if (_restored is { } followed)
        {
            _ = ProcessLauncher.TrySignal(followed.Identity, signal); // the service is gone, and cannot say who the job is now
        }
        else if (CheckpointEngine.Identify(new ProcessId(_pid)) is { } restored && TryStatus(CancellationToken.None) is { State: CareState.Running } status && status.Pid == _pid)
        {
            _ = ProcessLauncher.TrySignal(restored, signal);
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellation)
        => Task.Run(() => _service.Post($"{Path}/dump", new DumpWish(Stop: true), CliJson.Lines.DumpWish, CliJson.Lines.DumpLine, cancellation), cancellation);

    /// <inheritdoc/>
    public async Task<RunEnd> WaitAsync()
    {
        TrySayThatWeWait();
        return await WaitForEndAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => _service.Dispose();

    private RecoverLine Recover(CancellationToken cancellation)
        => _service.Post($"{Path}/recover", new RecoverWish(), CliJson.Lines.RecoverWish, CliJson.Lines.RecoverLine, cancellation);

    /// <summary>What we have open, and the shell above us, is no reason not to bring the job back: we write nothing meanwhile.</summary>
    private void TrySayThatWeWait()
    {
        try
        {
            _ = _service.Ask(HttpMethod.Post, $"{Path}/wait", CliJson.Lines.StatusLine, CancellationToken.None);
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or ControlException { Error.ExitCode: 1 })
        {
            // No service, or it does not know the job: said again to the one that is back.
        }
    }

    private async Task<RunEnd> WaitForEndAsync()
    {
        ProcessEnd? own = null;
        if (_child is not null)
        {
            own = await EndOfChildAsync();
            _silentSince = null; // a minute from here on is long enough for a service to come back
            if (own is { ExitCode: 0 })
            {
                return new RunEnd(EventKind.Finished, 0, null);
            }

            if (!_isRegistered)
            {
                return new RunEnd(own.Value.ExitCode is null ? EventKind.Killed : EventKind.Failed, own.Value.ExitCode, own.Value.Signal);
            }
        }

        using var timer = new PeriodicTimer(_look, time);
        while (true)
        {
            if (TryStatus(CancellationToken.None) is { } status)
            {
                _pid = status.Pid;
                if (status.State is not (CareState.Running or CareState.Paused or CareState.Recovering or CareState.Waiting) && status.RetryAt is null)
                {
                    bool isTold = status.ExitCode is not null || status.Signal is not null;
                    return new RunEnd(status.State, isTold ? status.ExitCode : own?.ExitCode, isTold ? status.Signal : own?.Signal);
                }
            }
            else if (_silentSince is { } since && EndWithoutService(own, time.GetElapsedTime(since)) is { } end)
            {
                return end;
            }

            _ = await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>The end of the process that we started. A service that came back meanwhile is to know that we wait, before it has to bring the job back.</summary>
    private async Task<ProcessEnd> EndOfChildAsync()
    {
        while (true)
        {
            try
            {
#pragma warning disable VSTHRD003 // The watcher's thread completes it, whatever we wait for.
                return await _ended.Task.WaitAsync(_greeting, time);
#pragma warning restore VSTHRD003
            }
            catch (TimeoutException)
            {
                _ = TryStatus(CancellationToken.None);
            }
        }
    }

    /// <summary>How the job ended, where there is no service to say it and none came back to restore it. Null while it runs, or may come back.</summary>
    private RunEnd? EndWithoutService(ProcessEnd? own, TimeSpan silence)
    {
        if (silence < _silenceMax)
        {
            return null;
        }

        if (!_isSilenceTold)
        {
            _isSilenceTold = true;
            FollowRestored();
            OwnOutputs.MoveToEnds();
            tell($"the service of {storeDirectory} does not answer: job {request.Name} runs on, if it does, without dumps and recoveries; start it again, `checkpointer daemon`");
        }

        if ((_restored is null ? own ?? ProcessEnd.Unknown : _restored.End) is not { } end || (end is not { ExitCode: 0 } && !_isAskedToEnd && silence < _absenceMax))
        {
            return null;
        }

        string state = end switch { { ExitCode: 0 } => EventKind.Finished, { ExitCode: not null } => EventKind.Failed, { Signal: not null } => EventKind.Killed, _ => EventKind.Vanished };
        return new RunEnd(state, end.ExitCode, end.Signal);
    }

    /// <summary>Watches the process that the service had restored last, which is no child of ours; it may have our child's PID.</summary>
    private void FollowRestored()
    {
        if (CheckpointEngine.Identify(new ProcessId(_pid)) is { } restored && restored != _child)
        {
            var followed = _restored = new Followed(restored);
            ends.Watch(restored, collect => followed.End = collect());
        }
    }

    /// <summary>What the service says of the job. Null where it does not know it, or does not answer: it may be on its way back.</summary>
    private StatusLine? TryStatus(CancellationToken cancellation)
    {
        try
        {
            StatusLine status = _service.Ask(HttpMethod.Get, Path, CliJson.Lines.StatusLine, cancellation)[0];
            Answered();
            return status;
        }
        catch (ControlException unknown) when (unknown.Error.ExitCode == 1)
        {
            Answered();
            return null;
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException)
        {
            _silentSince ??= time.GetTimestamp();
            if (ControlClient.TryConnect(storeDirectory) is { } back)
            {
                _service.Dispose();
                _service = back;
                TrySayThatWeWait();
            }

            return null;
        }
    }

    private void Answered()
    {
        _silentSince = null;
        _restored = null;
        if (_isSilenceTold)
        {
            _isSilenceTold = false;
            OwnOutputs.MoveToEnds();
            tell($"the service of {storeDirectory} answers again");
        }
    }

    private void Start(CancellationToken cancellation)
    {
        ProcessIdentity child = ProcessLauncher.Start(new LaunchRequest(request.Command[0], [.. request.Command.Skip(1)]));
        _child = child;
        _pid = child.Pid.Value;
        try
        {
            _ = _service.Post(
                "/v1/jobs", new RegisterWish(request.Name, child.Pid.Value, null, request.Policy.ToJson()), CliJson.Lines.RegisterWish, CliJson.Lines.RegisterLine, cancellation);
            _isRegistered = true;
        }
        catch (ControlException) when (CheckpointEngine.Identify(child.Pid) != child)
        {
            // It ended before it could be registered: there is nothing to care for, only an exit code to pass on.
        }
        catch
        {
            const int Kill9 = 9; // SIGKILL
            _ = ProcessLauncher.TrySignal(child, Kill9);
            throw;
        }
        finally
        {
            // Not before: what is reaped has no identity that could be registered.
            ends.Watch(child, collect => _ended.TrySetResult(collect()));
        }
    }

    /// <summary>A process that the service had restored, and how it ended.</summary>
    private sealed class Followed(ProcessIdentity identity)
    {
        private readonly Lock _gate = new();
        private ProcessEnd? _end;

        /// <summary>Who.</summary>
        public ProcessIdentity Identity => identity;

        /// <summary>Null while it runs.</summary>
        public ProcessEnd? End
        {
            get
            {
                lock (_gate)
                {
                    return _end;
                }
            }

            set
            {
                lock (_gate)
                {
                    _end = value;
                }
            }
        }
    }
}
