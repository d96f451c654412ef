using Checkpointer.Engine.Dump;
using Checkpointer.Engine.Host;
using Checkpointer.Engine.Inspect;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Checkpointer.Engine.Worker;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Engine;

/// <summary>
/// Entry point of the engine: processes to images and back. Safe for use from any thread; each operation runs to its
/// end on a tracer thread of its own, because ptrace belongs to one OS thread.
/// </summary>
public sealed class CheckpointEngine(EngineOptions options, ILoggerFactory loggers)
{
    private readonly ILogger _dumpLog = loggers.CreateLogger("Checkpointer.Engine.Dump");
    private readonly ILogger _restoreLog = loggers.CreateLogger("Checkpointer.Engine.Restore");

    /// <summary>Called before each step with its name, for logs; a test makes it throw to see that every step can fail.</summary>
    internal Action<string>? StepHook { get; set; }

    /// <summary>Tells who the first process of a job is now, or null where none is alive (absent or a zombie).</summary>
    public static ProcessIdentity? Identify(JobScope scope) => RootOf(scope) is { } root ? ProcFs.IdentityOf(root) : null;

    /// <summary>Tries by use what the engine needs from this host.</summary>
    public IReadOnlyList<HostCapability> Probe() => TracerThread.Run("doctor", () => new HostProbe(options).Run());

    /// <summary>Real user ID of a process, or null where it is gone.</summary>
    public static uint? OwnerOf(ProcessId process) => ProcFs.TryStatus(process)?.Uid[0];

    /// <summary>The processes of a job that are alive now, its first one first; empty where there is none. Touches nothing.</summary>
    public static IReadOnlyList<ProcessIdentity> Members(JobScope scope) => [.. ProcessTree.Walk(scope).Live.Select(ProcFs.IdentityOf).OfType<ProcessIdentity>()];

    /// <summary>Thaws the cgroup of a job where a dump held it and was killed; a dump does so, too, but may be far.</summary>
    public static void ThawLeft(JobScope scope) => CgroupHold.EndLeft(scope);

    /// <summary>Lists what in the job cannot be carried. Touches nothing.</summary>
    /// <exception cref="EngineException">No such process, or not one that can be a job.</exception>
    /// <param name="scope">The job.</param>
    /// <param name="choices">What is done about state that cannot be carried as it is.</param>
    public static PreflightReport Check(JobScope scope, DumpChoices? choices = null)
    {
        if (PlanFor(scope) is not { } plan)
        {
            return new Preflight(choices ?? DumpChoices.Default).Examine(scope);
        }

        using var remote = new RemoteTracking(plan.Joined!.Value, RequestFor(scope, new EngineOptions(), choices, null), plan, isVerbose: false);
        return remote.Check();
    }

    /// <summary>Freezes the job, takes its state, thaws it, and hands the state to <paramref name="sink"/>.
    /// Returns after the last byte went to the sink; committing is the caller's. On any failure the job runs on as found.</summary>
    /// <exception cref="UnsupportedResourceException">State that is not carried.</exception>
    /// <exception cref="EngineException">Anything else; the job was thawed.</exception>
    public DumpReport Dump(JobScope scope, ICheckpointSink sink, IProgress<long>? populatedBytesDone, CancellationToken cancellation)
    {
        using var job = Track(scope);
        return job.Dump(sink, populatedBytesDone, stops: false, cancellation);
    }

    /// <summary>Follows a job from dump to dump. Nothing is touched before the first dump.</summary>
    /// <param name="scope">The job.</param>
    /// <param name="choices">What is done about state that cannot be carried as it is.</param>
    /// <param name="files">Which files its generations carry; null for <see cref="FilePolicy.Default"/>.</param>
    /// <param name="limits">What its dumps may use beside the job; null for <see cref="DumpLimits.Default"/>.</param>
    public TrackedJob Track(JobScope scope, DumpChoices? choices = null, FilePolicy? files = null, DumpLimits? limits = null)
    {
        var limited = options.With(limits ?? DumpLimits.Default);
        return new(scope, () => PlanFor(scope) is { } plan
            ? new RemoteTracking(plan.Joined!.Value, RequestFor(scope, limited, choices, files), plan, _dumpLog.IsEnabled(LogLevel.Debug))
            : new LocalTracking(
                scope, new JobMemory(limited), memory => new Dumper(limited, memory, choices ?? DumpChoices.Default, files ?? FilePolicy.Default, Step(_dumpLog), _dumpLog),
                memory => new TreeKiller(limited, memory.Connections, Step(_dumpLog))));
    }

    /// <summary>Builds the processes of a generation and lets them run. On any failure nothing of them is left.</summary>
    /// <param name="source">The generation.</param>
    /// <param name="generationSuffix">Names the generation in file names, as in <c>out.log.after-md-12</c>.</param>
    /// <param name="restoredBytesDone">Progress in bytes of memory.</param>
    /// <param name="choices">What is decided; null for <see cref="RestoreChoices.Default"/>.</param>
    /// <param name="cancellation">Cancels until the processes run.</param>
    /// <param name="built">Told who the root is before any of the processes runs: if we die until then, they die with us; what is written down here is true of all that run.</param>
    public RestoreReport Restore(
        ICheckpointSource source, string generationSuffix, IProgress<long>? restoredBytesDone, RestoreChoices? choices = null,
        Action<ProcessIdentity>? built = null, CancellationToken cancellation = default)
    {
        choices ??= RestoreChoices.Default;
        var wanted = options.With(choices.PidNamespace ?? options.PidNamespace, options.TimeNamespace);
        return TracerThread.Run(
            $"restore {source.Name}",
            () =>
            {
                var step = Step(_restoreLog);
                step("read the images");
                var images = GenerationImages.Load(source);
                if (NamespacePlan.ForRestore(images, wanted, options.PidReleaseTimeout) is { } plan)
                {
                    return RestoreInto(plan, source, generationSuffix, restoredBytesDone, choices, built, cancellation);
                }

                try
                {
                    return new Restorer(options, choices, built, step, _restoreLog).Restore(images, source, generationSuffix, restoredBytesDone, cancellation);
                }
                catch (EngineException taken) when (taken.Reason == EngineFailure.PidTaken && wanted.PidNamespace == PidNamespaceChoice.WhenTaken)
                {
                    // All were free when it was begun, and nothing of it is left.
                    RestoreLog.PidTakenMeanwhile(_restoreLog, taken.Message);
                    var apart = options.With(PidNamespaceChoice.Always, options.TimeNamespace);
                    return RestoreInto(
                        NamespacePlan.ForRestore(images, apart, options.PidReleaseTimeout)!, source, generationSuffix, restoredBytesDone, choices, built, cancellation);
                }
            });
    }

    /// <summary>Checks the world as a restore does, and says what that would do with files. Changes nothing.</summary>
    /// <param name="source">The generation.</param>
    /// <param name="generationSuffix">As of <see cref="Restore"/>.</param>
    /// <param name="choices">As of <see cref="Restore"/>.</param>
    public IReadOnlyList<FileChange> PlanRestore(ICheckpointSource source, string generationSuffix, RestoreChoices? choices = null) =>
        Restorer.Plan(source, generationSuffix, choices ?? RestoreChoices.Default, needsPids: (choices?.PidNamespace ?? options.PidNamespace) == PidNamespaceChoice.Refuse);

    /// <summary>
    /// Makes the processes of a generation in namespaces of their own, stopped, compares them with it, and kills them. None of them runs an instruction of the job, and nothing outside is changed:
    /// no file is written, made or put back, nothing is bound, locked or joined. The job may run meanwhile.
    /// </summary>
    /// <param name="source">The generation.</param>
    /// <param name="populatedBytes">Memory that it takes.</param>
    /// <param name="bytesDone">Progress in bytes of memory.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="EngineException">It cannot be restored; TimedOut: there is too little memory now.</exception>
    public RehearsalReport Rehearse(ICheckpointSource source, long populatedBytes, IProgress<long>? bytesDone = null, CancellationToken cancellation = default) => TracerThread.Run(
        $"rehearse {source.Name}",
        () =>
        {
            var images = GenerationImages.Load(source);
            Restorer.RequireWorld(images, source);
            if (RehearsalObstacles.Of(images) is { Count: > 0 } obstacles)
            {
                return new RehearsalReport(0, 0, 0, 0, [], obstacles, []);
            }

            RehearsalObstacles.RequireMemory(source.Name, populatedBytes);
            return new RemoteRestore(options, NamespacePlan.ForRehearsal(images), _restoreLog.IsEnabled(LogLevel.Debug)).Rehearse(source, bytesDone, cancellation);
        });

    /// <summary>The part of <see cref="Rehearse"/> that goes on in the namespaces.</summary>
    internal RehearsalReport RehearseHere(ICheckpointSource source, IProgress<long>? bytesDone, CancellationToken cancellation) => TracerThread.Run(
        $"rehearse {source.Name}", () => new Restorer(options, RestoreChoices.AsFilesAre, null, Step(_restoreLog), _restoreLog).Rehearse(source, bytesDone, cancellation));

    private RestoreReport RestoreInto(
        NamespacePlan plan, ICheckpointSource source, string generationSuffix, IProgress<long>? restoredBytesDone, RestoreChoices choices,
        Action<ProcessIdentity>? built, CancellationToken cancellation)
    {
        if (choices.Terminal is not null)
        {
            throw new EngineException(
                EngineFailure.WorldChanged,
                $"{source.Name} needs {(plan.MakesPids ? "a PID namespace of its own, because a PID that it needs is taken" : "a time namespace, because the host's clocks are others by now")}; there it cannot have your terminal.",
                "restore it without --shell-job, or with --pid-namespace refuse and Engine:TimeNamespace Never");
        }

        return new RemoteRestore(options, plan, _restoreLog.IsEnabled(LogLevel.Debug)).Restore(source, generationSuffix, restoredBytesDone, choices, built, cancellation);
    }

    private static ProcessId? RootOf(JobScope scope) => scope.Root ?? ProcessTree.Walk(scope).Live.Cast<ProcessId?>().FirstOrDefault();

    private static NamespacePlan? PlanFor(JobScope scope) => RootOf(scope) is { } root ? NamespacePlan.OfJob(root) : null;

    private static WorkerRequest RequestFor(JobScope scope, EngineOptions options, DumpChoices? choices, FilePolicy? files) =>
        new(WorkerTask.Check) { Cgroup = scope.Cgroup, Options = options, Choices = choices ?? DumpChoices.Default, Files = files ?? FilePolicy.Default };

    /// <summary>Says what the images of a generation hold.</summary>
    /// <exception cref="EngineException">BadImage.</exception>
    public static JobDescription Describe(ICheckpointSource source) => JobDescriber.Describe(source);

    private Action<string> Step(ILogger logger) => step =>
    {
        DumpLog.Step(logger, step);
        StepHook?.Invoke(step);
    };
}
