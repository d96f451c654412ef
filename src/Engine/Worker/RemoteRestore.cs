using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Worker;

/// <summary>A restore into namespaces that are made for it, by a worker in them. Precondition: runs on a tracer thread.</summary>
internal sealed class RemoteRestore(EngineOptions options, NamespacePlan plan, bool isVerbose)
{
    /// <summary>Restores a generation. Where anything fails, or we die, before the init is let go, all that was made is gone.</summary>
    /// <param name="source">The generation.</param>
    /// <param name="suffix">As of <see cref="CheckpointEngine.Restore"/>.</param>
    /// <param name="bytesDone">Told bytes done.</param>
    /// <param name="choices">As of <see cref="CheckpointEngine.Restore"/>.</param>
    /// <param name="built">Told who the root is, as the host knows it, before any of the processes runs.</param>
    /// <param name="cancellation">Cancels until the processes run.</param>
    public RestoreReport Restore(
        ICheckpointSource source, string suffix, IProgress<long>? bytesDone, RestoreChoices choices, Action<ProcessIdentity>? built, CancellationToken cancellation)
    {
        using var worker = WorkerProcess.Start(plan, isVerbose, options.SyscallTimeout);
        ProcessIdentity? root = null;
        using var attendant = new WorkerAttendant(worker.Channel, null, source, bytesDone, inner =>
        {
            root = IdentityOf(worker, inner);
            built?.Invoke(root);
        });
        var request = new WorkerRequest(WorkerTask.Restore)
        {
            Options = options.With(PidNamespaceChoice.Refuse, TimeNamespaceChoice.Never),
            Generation = source.Name,
            ImageNames = [.. source.ImageNames],
            Suffix = suffix,
            KeepsFiles = choices.KeepFiles,
            IsCopy = choices.IsCopy,
            Waiting = choices.Waiting ?? [],
        };
        var report = new WorkerClient(worker.Channel).Ask<RestoreReport>(request, attendant, cancellation);
        // Its children are those of the init from here on, or of the host's where there is none.
        worker.Finish();
        worker.Init?.LetGo(report.Root.Pid.Value);
        return report with { Root = root ?? throw new EngineException(EngineFailure.Failed, "The worker has not told who it restored."), Namespaces = [.. Names()] };
    }

    /// <summary>Rehearses a restore. All that is made is gone when this returns, or when we die.</summary>
    /// <param name="source">The generation.</param>
    /// <param name="bytesDone">Told bytes done.</param>
    /// <param name="cancellation">Cancels.</param>
    public RehearsalReport Rehearse(ICheckpointSource source, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        using var worker = WorkerProcess.Start(plan, isVerbose, options.SyscallTimeout);
        using var attendant = new WorkerAttendant(worker.Channel, null, source, bytesDone);
        var request = new WorkerRequest(WorkerTask.Rehearse)
        {
            Options = options.With(PidNamespaceChoice.Refuse, TimeNamespaceChoice.Never),
            Generation = source.Name,
            ImageNames = [.. source.ImageNames],
        };
        return new WorkerClient(worker.Channel).Ask<RehearsalReport>(request, attendant, cancellation);
    }

    private static ProcessIdentity IdentityOf(WorkerProcess worker, int inner)
    {
        var root = worker.Init is { } init ? init.Member(inner) : new ProcessId(inner);
        return (root is { } found ? ProcFs.IdentityOf(found) : null) ?? throw new EngineException(EngineFailure.Failed, $"Process {inner} was killed while it was restored.");
    }

    private IEnumerable<string> Names()
    {
        if (plan.MakesPids)
        {
            yield return "pid";
        }

        if (plan.Clocks is not null)
        {
            yield return "time";
        }
    }
}
