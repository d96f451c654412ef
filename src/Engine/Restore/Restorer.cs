using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// One restore: check the world, build the tree out of the stub, fill it, put files back, let all threads go together. Until then every
/// process is traced with PTRACE_O_EXITKILL: whatever fails, nothing of them is left. Precondition: runs on a tracer thread.
/// </summary>
internal sealed class Restorer(EngineOptions options, Action<string> step, ILogger logger)
{
    private readonly List<RestoredProcess> _processes = [];
    private long _restoredBytes;

    /// <summary>Restores a generation.</summary>
    public RestoreReport Restore(ICheckpointSource source, string generationSuffix, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        step("read the images");
        var images = GenerationImages.Load(source);
        step("check the world");
        WorldCheck.Require(images);
        MappedFiles.Require(images.Inventory);
        var rollback = new FileRollback(images.Files, images.Inventory, generationSuffix);
        rollback.RequireNoOtherWriter();
        PidAvailability.Require(AllIds(images), options.PidReleaseTimeout);
        using var watcher = new InotifyWatcher();
        try
        {
            Build(images, source, watcher, bytes => AddBytes(bytesDone, bytes), cancellation);
            cancellation.ThrowIfCancellationRequested();
            step("put files back");
            rollback.Apply();
            watcher.Watch();
            LetGo();
            var root = ProcFs.IdentityOf(_processes[0].Id) ?? throw new EngineException(EngineFailure.Failed, $"Process {_processes[0].Id} ended as soon as it was restored.");
            RestoreLog.Restored(logger, root.Pid.Value, _processes.Count, _restoredBytes);
            return new RestoreReport(root, _processes.Count, _processes.Sum(process => process.Threads.Count), _restoredBytes, rollback.Changes);
        }
        catch
        {
            _processes.ForEach(process => Children.Kill(process.Id));
            Children.ReapAll(options.SyscallTimeout);
            throw;
        }
        finally
        {
            _processes.ForEach(process => process.Dispose());
        }
    }

    private void AddBytes(IProgress<long>? progress, long bytes)
    {
        _restoredBytes += bytes;
        progress?.Report(_restoredBytes);
    }

    private void Build(GenerationImages images, ICheckpointSource source, InotifyWatcher watcher, Action<long> bytesDone, CancellationToken cancellation)
    {
        step("start the stub");
        using var stub = Stub.Start(options.SyscallTimeout);
        WorldCheck.RequireCpu(images.Inventory, stub.Tracee.GetExtendedState());
        WorldCheck.RequireVdso(images.Inventory, VdsoHash.Of(ProcFs.Maps(stub.Tracee.Process), stub.Memory));
        new TreeBuilder(images, options.SyscallTimeout, step).Build(stub, _processes);
        using var opened = new OpenedFiles();
        using var shared = new SharedObjects(images.Inventory, source, bytesDone);
        step("put mapped files back");
        MappedFiles.PutBack(images.Inventory, source, bytesDone);
        step("open files");
        var descriptors = new DescriptorBuilder(images.Files, opened, shared, watcher, _processes);
        descriptors.Open();
        foreach (var process in _processes)
        {
            cancellation.ThrowIfCancellationRequested();
            step($"fill process {process.Id}");
            Fill(process, source, opened, shared, bytesDone);
        }

        // Only now: processes may share a descriptor table, and the filling of each needs one without descriptors.
        foreach (var process in _processes)
        {
            step($"equip process {process.Id}");
            Equip(process, descriptors);
        }

        _processes.ForEach(descriptors.SetOwners);
        shared.Finish();
    }

    private static void Fill(RestoredProcess process, ICheckpointSource source, OpenedFiles opened, SharedObjects shared, Action<long> bytesDone)
    {
        var state = new ProcessStateBuilder(process);
        var space = new AddressSpaceBuilder(process, opened, shared);
        process.Call("close_range", Arch.X64.Sys.CloseRange, 0, uint.MaxValue, 0);
        state.LiftDescriptorLimit();
        space.BuildMappings();
        state.SetSurroundings();
        space.Advise();
        source.ReadPages(Images.ImageVersion.Memory(process.Id.Value), (address, pages) =>
        {
            process.Memory.Write(new RemotePtr(address), pages);
            bytesDone(pages.Length);
        });
        space.Complete();
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

    private void LetGo()
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

        step("let all threads go");
        var threads = _processes.SelectMany(process => process.Threads).ToList();
        threads.ForEach(thread => thread.SetOptions(0));
        threads.ForEach(thread => thread.Detach());
    }

    private static IEnumerable<int> AllIds(GenerationImages images) => images.Processes.SelectMany(process =>
        process.Process.Threads.Select(thread => thread.Tid).Append(process.Process.Pid).Concat(process.Process.Zombies.Select(zombie => zombie.Pid))).Concat(TreeMaker.Plan(images).Helpers);
}
