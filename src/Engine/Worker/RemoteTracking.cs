using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Worker;

/// <summary>A job in namespaces of ours, looked at and dumped by a worker in them, which lives as long as this.</summary>
internal sealed class RemoteTracking : ITracking
{
    private readonly WorkerRequest _job;
    private readonly ProcessId _root;
    private readonly WorkerThread _worker;
    private readonly WorkerClient _client;
    private ProcessIdentity? _inner;

    /// <summary>Starts the worker.</summary>
    /// <param name="root">First process of the job.</param>
    /// <param name="job">What the worker has to know of it.</param>
    /// <param name="plan">Its namespaces.</param>
    /// <param name="isVerbose">Whether the worker logs what it does.</param>
    public RemoteTracking(ProcessId root, WorkerRequest job, NamespacePlan plan, bool isVerbose)
    {
        _root = root;
        _job = job with { Root = job.Cgroup is null ? HostProc.InnerPid(root) ?? throw Gone(root) : 0 };
        _worker = new WorkerThread(() => WorkerProcess.Start(plan, isVerbose, job.Options.SyscallTimeout));
        _client = new WorkerClient(_worker.Channel);
    }

    /// <summary>Looks at the job. PIDs in the report are those inside, but for that of the first process.</summary>
    public PreflightReport Check() =>
        _client.Ask<PreflightReport>(_job with { Task = WorkerTask.Check }, null, CancellationToken.None) with { Pid = _root.Value };

    /// <inheritdoc/>
    public DumpReport Dump(ICheckpointSink sink, IProgress<long>? bytesDone, bool stops, CancellationToken cancellation)
    {
        using var attendant = new WorkerAttendant(_worker.Channel, sink, null, bytesDone);
        var request = _job with { Task = WorkerTask.Dump, HasBase = sink.HasBase, Stops = stops };
        var root = ProcFs.IdentityOf(_root) ?? throw Gone(_root);
        var report = _client.Ask<DumpReport>(request, attendant, cancellation);
        _inner = report.Root;
        return report with { Root = root };
    }

    /// <inheritdoc/>
    public void Stop(ProcessIdentity root)
    {
        if (_job.Cgroup is not null || ProcFs.IdentityOf(root.Pid) == root)
        {
            _ = _client.Ask<bool>(_job with { Task = WorkerTask.Stop, Process = _inner }, null, CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public void Committed(bool isToStop) => _client.Ask<bool>(_job with { Task = WorkerTask.Committed }, null, CancellationToken.None);

    /// <inheritdoc/>
    public void Dispose() => _worker.Dispose();

    private static EngineException Gone(ProcessId root) => new(EngineFailure.NoSuchProcess, $"process {root} does not exist");
}
