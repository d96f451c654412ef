using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// Looks at a running job without touching it and lists what could not be carried. The same inspectors run again inside the freeze,
/// because a job that runs can change after it was looked at.
/// </summary>
/// <param name="choices">What is done about state that cannot be carried as it is.</param>
internal sealed class Preflight(DumpChoices choices)
{
    private const int InitPid = 1;

    /// <summary>Files that were looked at; they need no second look inside the freeze.</summary>
    public FileIdentities Identities { get; } = new();

    /// <summary>Pipes and terminals whose holders were looked for, by what links of /proc to them say.</summary>
    public IReadOnlySet<string> Examined { get; private set; } = new HashSet<string>();

    /// <summary>Descriptors as they were.</summary>
    public Files Files { get; private set; } = new();

    /// <summary>Objects whose bytes belong to a generation.</summary>
    public SharedObjectTable Objects { get; } = new();

    /// <summary>Mappings of each process as they were, with the flags that only smaps shows.</summary>
    public Dictionary<ProcessId, IReadOnlyList<Vma>> Vmas { get; } = [];

    /// <summary>Examines a job.</summary>
    /// <exception cref="EngineException">It does not exist, or can never be a job.</exception>
    public PreflightReport Examine(JobScope scope)
    {
        var tree = ProcessTree.Walk(scope);
        var root = tree.Live.Count > 0 ? tree.Live[0] : scope.Root ?? throw NoSuchCgroup(scope.Cgroup!);
        foreach (var process in scope.Root is null ? tree.Live : [root])
        {
            RefuseWhatIsNoJob(process);
        }

        var findings = new FindingList();
        Inspect(tree, findings);
        var threads = 0;
        var populated = 0L;
        foreach (var process in tree.Live)
        {
            var status = ProcFs.TryStatus(process);
            threads += status?.Threads ?? 0;
            populated += status?.PopulatedBytes ?? 0;
        }

        return new PreflightReport(
            root.Value, ProcFs.TryCommandLine(root) ?? string.Empty, tree.Live.Count, threads, populated, findings.All);
    }

    /// <summary>Reads the mappings again, where much time has passed since: the fewer are new in the freeze, the less is to be read there.</summary>
    public void RefreshMappings()
    {
        foreach (var process in Vmas.Keys.ToList())
        {
            Vmas[process] = ProcFs.TrySmaps(process) ?? [];
        }
    }

    private void Inspect(ProcessTree tree, FindingList findings)
    {
        var mappings = new MappingCollector(findings, Identities, Objects);
        ProcessInspector.Inspect(tree, ProcessSharing.Of(tree.Live), findings);
        foreach (var process in tree.Live)
        {
            Vmas[process] = ProcFs.TrySmaps(process) ?? [];
            mappings.Collect(process, Vmas[process]);
            // Too slow for the freeze: the kernel walks all page tables for it.
            if (ProcFs.HasNumaPolicy(process))
            {
                findings.Note(process, "numa", $"Process {process} has a NUMA memory policy; after a restore it has the default one.");
            }
        }

        CgroupInspector.Inspect(tree.Live, findings);
        using var systemV = new SystemVCollector(tree, findings, Objects);
        _ = systemV.Collect([.. Vmas.Values.SelectMany(vmas => vmas)], isFrozen: false);
        var descriptors = new DescriptorCollector(findings, Objects);
        Files = descriptors.Collect(tree, Examined, choices);
        AioRings.Inspect(Vmas.Select(entry => (entry.Key, entry.Value)), Files, findings);
        Examined = descriptors.Examined;
    }

    private static void RefuseWhatIsNoJob(ProcessId root)
    {
        if (root.Value <= 0)
        {
            throw new EngineException(EngineFailure.NotAJob, $"{root} is not a process ID.", "give the PID of the job's first process");
        }

        if (root.Value == InitPid)
        {
            throw new EngineException(EngineFailure.NotAJob, "Process 1 is the init of this system and cannot be a job.");
        }

        var status = ProcFs.TryStatus(root) ?? throw NoSuchProcess(root);
        if (status.Tgid != root.Value)
        {
            throw new EngineException(
                EngineFailure.NotAJob, $"{root} is a thread of process {status.Tgid}.", $"use the process: --pid {status.Tgid}");
        }

        if (IsKernelThread(root, status))
        {
            throw new EngineException(EngineFailure.NotAJob, $"Process {root} ({status.Name}) is a kernel thread and cannot be a job.");
        }

        if (ProcFs.IdentityOf(root) is null)
        {
            throw new EngineException(EngineFailure.NoSuchProcess, $"Process {root} ({status.Name}) has ended and waits for its parent.");
        }

        RefuseOurselves(root);
    }

    private static bool IsKernelThread(ProcessId root, ProcStatus status)
    {
        const uint KernelThreadFlag = 0x0020_0000; // PF_KTHREAD, for kernels before 6.? whose status has no Kthread line
        return status.Kthread ?? ProcFs.TryStat(root) is { } stat && (stat.Flags & KernelThreadFlag) != 0;
    }

    private static void RefuseOurselves(ProcessId root)
    {
        var ourselves = new ProcessId(Libc.getpid());
        for (var process = ourselves; process.Value > InitPid;)
        {
            if (process == root)
            {
                var what = process == ourselves ? "is this checkpointer itself" : "started this checkpointer, which would freeze itself";
                throw new EngineException(EngineFailure.NotAJob, $"Process {root} {what}.", "run checkpointer from outside the job");
            }

            process = new ProcessId(ProcFs.TryStat(process)?.ParentPid ?? 0);
        }
    }

    private static EngineException NoSuchCgroup(string directory) => File.Exists(Path.Combine(directory, CgroupProcesses.File))
        ? new(EngineFailure.NoSuchProcess, $"The cgroup {directory} has no process.", "start the job in it first")
        : new(EngineFailure.NoSuchProcess, $"There is no cgroup {directory}.", "give the directory of the job's cgroup, as below /sys/fs/cgroup; /proc/PID/cgroup names it");

    private static EngineException NoSuchProcess(ProcessId root) =>
        new(EngineFailure.NoSuchProcess, $"There is no process {root}.", "see `ps -e` for the PID of the job");
}
