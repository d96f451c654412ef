using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// One restore: check the world, build the tree out of the stub, fill it, put files back, let all threads go together. Until then every
/// process is traced with PTRACE_O_EXITKILL: whatever fails, nothing of them is left. Precondition: runs on a tracer thread.
/// </summary>
internal sealed class Restorer(EngineOptions options, RestoreChoices choices, Action<ProcessIdentity>? built, Action<string> step, ILogger logger)
{
    private readonly List<RestoredProcess> _processes = [];
    private long _restoredBytes;

    /// <summary>What a restore would do with files. The world is checked, nothing is changed.</summary>
    public static IReadOnlyList<FileChange> Plan(ICheckpointSource source, string generationSuffix, RestoreChoices choices, bool needsPids)
    {
        var images = GenerationImages.Load(source);
        WorldCheck.Require(images, choices.KeepFiles);
        var plan = new FilePlanner(images, source, generationSuffix, choices).Plan();
        if (needsPids)
        {
            PidAvailability.Require(AllIds(images), TimeSpan.Zero);
        }

        SystemVWorld.Require(images);
        HugePageCheck.Require(images);
        return plan.Preview;
    }

    /// <summary>Throws where what a job relies on is not there, files as they are. PIDs and System V objects are not looked at, which may be those of the job.</summary>
    public static void RequireWorld(GenerationImages images, ICheckpointSource source)
    {
        WorldCheck.Require(images, keepFiles: true);
        _ = new FilePlanner(images, source, string.Empty, RestoreChoices.AsFilesAre).Plan();
        HugePageCheck.Require(images);
    }

    /// <summary>Restores a generation.</summary>
    public RestoreReport Restore(GenerationImages images, ICheckpointSource source, string generationSuffix, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        step("check the world");
        WorldCheck.Require(images, choices.KeepFiles);
        var shellJob = ShellJob.Of(images, choices.Terminal);
        PidAvailability.Require(AllIds(images), options.PidReleaseTimeout);
        SystemVWorld.Require(images);
        HugePageCheck.Require(images);
        step("plan files");
        var plan = new FilePlanner(images, source, generationSuffix, choices).Plan();
        var files = new FileRestorer(plan, images.Inventory, source, step);
        using var systemV = new SystemVBuilder(images, _processes);
        using var watcher = new InotifyWatcher();
        using var connections = new KeptConnections(images.Files, new ProcessId(images.Processes[0].Process.Pid));
        using var cgroups = new CgroupPlacer(images, images.IsCgroup ? CgroupChoice.Original : options.Cgroups, logger);
        try
        {
            Build(images, shellJob, source, files, systemV, watcher, connections, bytes => AddBytes(bytesDone, bytes), cancellation);
            cancellation.ThrowIfCancellationRequested();
            step("put into cgroups");
            cgroups.Place(_processes);
            watcher.Watch();
            var root = IdentityOfRoot(); // before it runs: it may end at once
            built?.Invoke(root);
            LetGo(shellJob, connections);
            cgroups.Keep();
            systemV.Keep();
            RestoreLog.Restored(logger, root.Pid.Value, _processes.Count, _restoredBytes);
            return new RestoreReport(root, _processes.Count, _processes.Sum(process => process.Threads.Count), _restoredBytes, files.Changes, connections.Warnings);
        }
        catch (Exception failure)
        {
            _processes.ForEach(process => Children.Kill(process.Id));
            Children.ReapAll(options.SyscallTimeout);
            if (failure is EngineException { Reason: var reason, Message: var message, Hint: var hint } && files.Changes.Count(change => change.RolledBack) is > 0 and var changed)
            {
                throw new EngineException(
                    reason, $"{message} {changed} file(s) were put back before that, the first {files.Changes.First(change => change.RolledBack).Path}; recovering again is safe.", hint, failure);
            }

            throw;
        }
        finally
        {
            _processes.ForEach(process => process.Dispose());
        }
    }

    /// <summary>Builds the processes, compares them with the images and kills them, without one of them having run. Precondition: in namespaces of a rehearsal, without files that are
    /// to be put back (<see cref="RehearsalObstacles"/>).</summary>
    public RehearsalReport Rehearse(ICheckpointSource source, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        step("read the images");
        var images = GenerationImages.Load(source);
        PidAvailability.Require(AllIds(images), options.PidReleaseTimeout);
        SystemVWorld.Require(images);
        HugePageCheck.Require(images);
        var shellJob = ShellJob.Of(images, null);
        var files = new FileRestorer(new FilePlan([], []), images.Inventory, source, step);
        using var systemV = new SystemVBuilder(images, _processes);
        using var watcher = new InotifyWatcher();
        using var connections = new KeptConnections(images.Files, new ProcessId(images.Processes[0].Process.Pid));
        try
        {
            Build(images, shellJob, source, files, systemV, watcher, connections, bytes => AddBytes(bytesDone, bytes), cancellation);
            FinishProcesses();
            step("compare");
            return new RestoredCheck(images, _processes, source).Run(cancellation);
        }
        finally
        {
            _processes.ForEach(process => Children.Kill(process.Id));
            Children.ReapAll(options.SyscallTimeout);
            _processes.ForEach(process => process.Dispose());
        }
    }

    private ProcessIdentity IdentityOfRoot() => ProcFs.IdentityOf(_processes[0].Id)
        ?? throw new EngineException(EngineFailure.Failed, $"Process {_processes[0].Id} was killed while it was restored.");

    private void AddBytes(IProgress<long>? progress, long bytes)
    {
        _restoredBytes += bytes;
        progress?.Report(_restoredBytes);
    }

    private void Build(
        GenerationImages images, ShellJob shellJob, ICheckpointSource source, FileRestorer files, SystemVBuilder systemV, InotifyWatcher watcher, KeptConnections connections,
        Action<long> bytesDone, CancellationToken cancellation)
    {
        step("start the stub");
        using var stub = Stub.Start(options.SyscallTimeout);
        WorldCheck.RequireCpu(images.Inventory, stub.Tracee.GetExtendedState());
        var vdso = VdsoReplacement.For(images, ProcFs.Maps(stub.Tracee.Process), stub.Memory);
        // Before the first process: those that fork map files at once.
        files.Apply();
        using var opened = new OpenedFiles();
        step("make terminals");
        using var terminals = new TerminalBuilder(images.Files, opened, shellJob, options.PidReleaseTimeout);
        terminals.Make();
        var executables = images.Processes.Select(process => process.Process.ExecutableMemory).Where(id => id != 0).ToHashSet();
        using var shared = new SharedObjects(images.Inventory, executables, source, bytesDone);
        var memory = new MemoryBuilder(opened, shared, vdso, source, bytesDone, step);
        new TreeBuilder(images, new ControllingTerminals(images.Files, terminals), memory, shellJob, options.SyscallTimeout, step).Build(stub, _processes);
        step("make System V objects");
        systemV.Make();
        shared.FillSegments(systemV, source, bytesDone);
        step("open files");
        using var removed = new RemovedFileBuilder(images.Files.RemovedFiles);
        var descriptors = new DescriptorBuilder(images.Files, opened, shared, removed, watcher, terminals, connections);
        descriptors.Open(_processes);
        terminals.Finish();
        foreach (var process in _processes)
        {
            cancellation.ThrowIfCancellationRequested();
            memory.Build(process);
        }

        foreach (var process in _processes)
        {
            step($"complete process {process.Id}");
            new ProcessStateBuilder(process).SetSurroundings(removed);
            LoginBuilder.Set(process, logger);
            memory.Complete(process, systemV);
        }

        // Only now: processes may share a descriptor table, and the filling of each needs one without descriptors.
        foreach (var process in _processes)
        {
            step($"equip process {process.Id}");
            Equip(process, descriptors);
        }

        _processes.ForEach(descriptors.SetOwners);
        shared.Finish();
        systemV.Finish();
    }

    private static void Equip(RestoredProcess process, DescriptorBuilder descriptors)
    {
        if (!process.BorrowsFiles)
        {
            descriptors.Install(process);
        }

        var threads = new ThreadBuilder(process);
        threads.MakeThreads();
        new SeccompBuilder(process).Install();
        threads.SetState();
    }

    private void FinishProcesses()
    {
        foreach (var process in _processes)
        {
            step($"finish process {process.Id}");
            var state = new ProcessStateBuilder(process);
            state.SetLast();
            state.SetLimits();
            state.CloseGate();
            new ThreadBuilder(process).SetRegisters();
        }
    }

    private void LetGo(ShellJob shellJob, KeptConnections connections)
    {
        FinishProcesses();
        step("let connections go on");
        connections.Release();
        // Before any thread runs: one in the background that reads from its terminal is stopped.
        shellJob.GiveTerminal();
        step("let all threads go");
        var threads = _processes.SelectMany(process => process.Threads).ToList();
        threads.ForEach(thread => thread.SetOptions(0));
        threads.ForEach(thread => thread.Detach());
    }

    /// <summary>The IDs that the processes, threads and helpers of a generation need.</summary>
    public static IEnumerable<int> AllIds(GenerationImages images) => images.Processes.SelectMany(process =>
        process.Process.Threads.Select(thread => thread.Tid).Append(process.Process.Pid).Concat(process.Process.Zombies.Select(zombie => zombie.Pid))).Concat(TreeMaker.Plan(images).Helpers);
}
