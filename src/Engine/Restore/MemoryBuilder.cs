using Checkpointer.Engine.Arch.X64;

namespace Checkpointer.Engine.Restore;

/// <summary>Gives processes their memory, each once. One that makes others of much the same memory gets it before it makes them.</summary>
internal sealed class MemoryBuilder(OpenedFiles opened, SharedObjects shared, ICheckpointSource source, Action<long> bytesDone, Action<string> step)
{
    private readonly HashSet<RestoredProcess> _done = [];

    /// <summary>Gives the process the memory of its image, mappings and contents, if it does not have it yet. What would keep children from inheriting it is for
    /// <see cref="Complete"/>.</summary>
    public void Build(RestoredProcess process)
    {
        if (!_done.Add(process))
        {
            return;
        }

        step($"fill process {process.Id}");
        process.Call("close_range", Sys.CloseRange, 0, uint.MaxValue, 0);
        var state = new ProcessStateBuilder(process);
        state.LiftDescriptorLimit();
        state.SetMemoryPolicy();
        var space = new AddressSpaceBuilder(process, opened, shared);
        var kept = process.Inherited?.KeptBy(process.Images) ?? Tracking.PageSet.Empty;
        space.BuildMappings(kept);
        space.Advise();
        var own = new PageFiller(process, kept).Fill(source, bytesDone);
        process.Inherited = new InheritedMemory(process.Images.Space, process.Images.Process.Executable.ToStringUtf8(), own);
    }

    /// <summary>Sets what only a process that makes no other may have. Precondition: <see cref="Build"/>.</summary>
    public void Complete(RestoredProcess process) => new AddressSpaceBuilder(process, opened, shared).Complete();
}
