using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Jobs;

namespace Checkpointer.Scheduler.Tests.Fakes;

/// <summary>An engine over processes that exist only in a dictionary. Writes its calls to a shared journal.</summary>
internal sealed class FakeEngine(List<string> journal) : IJobEngine
{
    public const string Boot = "boot-1";

    private readonly List<string> _journal = journal;

    public Dictionary<int, ProcessIdentity> Alive { get; } = [];

    public List<Finding> Findings { get; } = [];

    public List<Finding> Notes { get; } = [];

    public List<FileChange> Files { get; } = [];

    public List<string> Warnings { get; } = [];

    /// <summary>Policies of tracked jobs.</summary>
    public List<FilePolicy> Policies { get; } = [];

    /// <summary>Limits of tracked jobs.</summary>
    public List<DumpLimits> Limits { get; } = [];

    public List<HostCapability> Capabilities { get; } = [new("ptrace", CapabilityState.Works, "a child was seized", null)];

    /// <summary>Runs in the middle of a dump; may throw.</summary>
    public Action DuringDump { get; set; } = () => { };

    /// <summary>Runs before a restore with the generation's name; may throw.</summary>
    public Action<string> DuringRestore { get; set; } = _ => { };

    /// <summary>Runs when restored processes run; false where they have ended already.</summary>
    public Func<ProcessIdentity, bool> AfterRestore { get; set; } = _ => true;

    public Exception? KillFailure { get; set; }

    public ProcessIdentity Start(int pid, ulong startTicks = 100)
        => Alive[pid] = new ProcessIdentity(new ProcessId(pid), startTicks, Boot);

    public PreflightReport Check(JobScope scope, DumpChoices choices)
    {
        ProcessId root = RootOf(scope);
        _journal.Add($"check {root}{(choices.IsShellJob ? " as shell job" : "")}");
        return Alive.ContainsKey(root.Value)
            ? new PreflightReport(root.Value, "lmp -in melt.lmp", 2, 5, 220L << 20, Findings)
            : throw new EngineException(EngineFailure.NoSuchProcess, $"no process {root}", "look with ps");
    }

    /// <summary>Processes of cgroups, the first first.</summary>
    public Dictionary<string, int> Cgroups { get; } = [];

    public ProcessIdentity? Identify(JobScope scope) => Alive.GetValueOrDefault(RootOf(scope).Value);

    public ITrackedJob Track(JobScope scope, DumpChoices choices, FilePolicy files, DumpLimits limits)
    {
        Policies.Add(files);
        Limits.Add(limits);
        _journal.Add($"track {RootOf(scope)}{(choices.IsShellJob ? " as shell job" : "")}");
        return new Tracked(this, scope);
    }

    private ProcessId RootOf(JobScope scope) => scope.Root ?? new ProcessId(Cgroups.GetValueOrDefault(scope.Cgroup!));

    private DumpReport Dump(
        JobScope scope, bool isTracked, ICheckpointSink sink, IProgress<long>? populatedBytesDone, CancellationToken cancellation)
    {
        ProcessId root = RootOf(scope);
        _journal.Add($"dump {root}");
        cancellation.ThrowIfCancellationRequested();
        if (Findings.Exists(finding => finding.Severity == FindingSeverity.Refusal))
        {
            throw new UnsupportedResourceException(Findings);
        }

        bool isIncremental = isTracked && sink.HasBase;
        sink.PutImage($"process/{root}", [1, 2, 3]);
        using (IPageSink pages = sink.OpenPages($"memory/{root}"))
        {
            pages.Write(0x1000, new byte[4096]);
        }

        populatedBytesDone?.Report(4096);
        DuringDump();
        return new DumpReport(
            Identify(root) ?? throw new EngineException(EngineFailure.NoSuchProcess, $"no process {root}", "look with ps"),
            isIncremental ? "incremental" : "full",
            isIncremental ? "write-protect" : "compare",
            "copy",
            TimeSpan.FromMicroseconds(1234),
            TimeSpan.Zero,
            2,
            5,
            220L << 20,
            isIncremental ? 3L << 20 : 210L << 20,
            Notes);
    }

    private void Kill(ProcessIdentity root)
    {
        _journal.Add($"kill {root.Pid}");
        if (KillFailure is not null)
        {
            throw KillFailure;
        }

        Alive.Remove(root.Pid.Value);
    }

    public RestoreReport Restore(
        ICheckpointSource source, string generationSuffix, IProgress<long>? restoredBytesDone, RestoreChoices choices, Action<ProcessIdentity> built,
        CancellationToken cancellation)
    {
        _journal.Add($"restore {source.Name} as {generationSuffix}{(choices.KeepFiles ? " with files kept" : "")}{(choices.IsCopy ? $" as a copy with PIDs {choices.PidNamespace}" : "")}");
        DuringRestore(source.Name);
        var root = new ProcessIdentity(new ProcessId(4711), 999, Boot);
        built(root);
        if (AfterRestore(root))
        {
            Alive[4711] = root;
        }

        return new RestoreReport(root, 2, 5, 220L << 20, Files, Warnings);
    }

    public uint? OwnerOf(ProcessId process) => Alive.ContainsKey(process.Value) ? 1000u : null;

    public void ThawLeft(JobScope scope)
    {
        // Nothing here is frozen.
    }

    public IReadOnlyList<ProcessIdentity> Members(JobScope scope) => Identify(scope) is { } root ? [root] : [];

    public IReadOnlyList<FileChange> PlanRestore(ICheckpointSource source, string generationSuffix, RestoreChoices choices)
    {
        _journal.Add($"plan {source.Name} as {generationSuffix}");
        return Files;
    }

    /// <summary>Runs in the middle of a rehearsal.</summary>
    public Action<CancellationToken> DuringRehearsal { get; set; } = _ => { };

    /// <summary>What rehearsals find; may throw.</summary>
    public Func<RehearsalReport> Rehearsed { get; set; } = () => new RehearsalReport(2, 5, 7, 220L << 20, [], [], []);

    public RehearsalReport Rehearse(ICheckpointSource source, long populatedBytes, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        _journal.Add($"rehearse {source.Name}");
        bytesDone?.Report(1);
        DuringRehearsal(cancellation);
        cancellation.ThrowIfCancellationRequested();
        return Rehearsed();
    }

    public IReadOnlyList<HostCapability> Probe() => Capabilities;

    /// <summary>As the real one: incremental only on a base, once a dump was committed.</summary>
    private sealed class Tracked(FakeEngine engine, JobScope scope) : ITrackedJob
    {
        private bool _hasCommitted;

        public DumpReport Dump(ICheckpointSink sink, IProgress<long>? bytesDone, bool stops, CancellationToken cancellation)
            => engine.Dump(scope, _hasCommitted, sink, bytesDone, cancellation);

        public void Committed()
        {
            engine._journal.Add("committed");
            _hasCommitted = true;
        }

        public void Stop(ProcessIdentity root) => engine.Kill(root);

        public void Dispose() => engine._journal.Add("untrack");
    }
}
