using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Daemon;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Recovery;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Running;

/// <summary>Runs a job without a service: cares for it here, as the service would.</summary>
internal sealed class LocalRun(RunRequest request, CareParts parts) : IJobRun
{
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(50);
    private JobCare? _care;

    private JobCare Care => _care ?? throw new InvalidOperationException("the job was not begun");

    /// <inheritdoc/>
    public async Task<string?> BeginAsync(CancellationToken cancellation)
    {
        JobRecord? known = parts.Store.Jobs().FirstOrDefault(job => job.Name == request.Name);
        if (known is { IsRegistered: true })
        {
            if (new JobLocator(parts.Engine).FindRunning(known) is { } running)
            {
                throw new SchedulerException(
                    SchedulerFailure.Running, $"job {request.Name} is running (PID {running.Pid})", "wait for its end, or choose another name");
            }

            if (!EventKind.IsOver(known.Outcome) && parts.Store.Generations(request.Name).Count > 0)
            {
                _care = new JobCare(request.Name, parts);
                return await RestoreAsync(cancellation);
            }

            parts.Store.Unregister(request.Name);
        }

        ProcessIdentity root = Start();
        _care = new JobCare(request.Name, parts);
        await _care.AdoptAsync(root);
        return null;
    }

    /// <inheritdoc/>
    public void Signal(int signal)
    {
        if (Care.State.Root is { } root)
        {
            _ = ProcessLauncher.TrySignal(root, signal);
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellation) => Care.DumpAsync(choices: null, stops: true, cancellation);

    /// <inheritdoc/>
    public async Task<RunEnd> WaitAsync()
    {
        using var timer = new PeriodicTimer(_look, parts.Time);
        while (!Care.IsOver)
        {
            _ = await timer.WaitForNextTickAsync();
        }

        CareState state = Care.State;
        return new RunEnd(state.Word, state.LastEnd?.ExitCode, state.LastEnd?.Signal);
    }

    /// <inheritdoc/>
    public void Dispose() => _care?.Dispose();

    private async Task<string?> RestoreAsync(CancellationToken cancellation)
    {
        RecoveryOutcome outcome = await Care.RecoverAsync((recoverer, job) => recoverer.Recover(job, cancellation), keepFiles: false, pidNamespace: null, cancellation);
        return outcome.Failure is { } failure ? throw failure : outcome.Restored?.Generation.ToString();
    }

    /// <summary>Without the look of a registration at what can be carried: the program has not begun yet. Dumps look.</summary>
    private ProcessIdentity Start()
    {
        ProcessIdentity root = ProcessLauncher.Start(new LaunchRequest(request.Command[0], [.. request.Command.Skip(1)]));
        string command = string.Join(' ', request.Command);
        parts.Store.Register(new JobRecord(
            request.Name, root.Pid.Value, root.StartTicks, root.BootId, command, parts.Time.GetUtcNow(), IsRegistered: true, Policy: request.Policy.ToText(),
            Owner: parts.Engine.OwnerOf(root.Pid)));
        parts.History.Note(request.Name, EventKind.Registered, command, root);
        return root;
    }
}
