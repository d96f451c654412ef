using Checkpointer.Engine.Arch.X64;

namespace Checkpointer.Engine.Restore;

/// <summary>Gives processes their memory, each once. One that makes others of much the same memory gets it before it makes them.</summary>
internal sealed class MemoryBuilder(
    OpenedFiles opened, SharedObjects shared, VdsoReplacement? vdso, ICheckpointSource source, Action<long> bytesDone, Action<string> step)
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
        var space = new AddressSpaceBuilder(process, opened, shared, vdso);
        var kept = process.Inherited?.KeptBy(process.Images) ?? Tracking.PageSet.Empty;
        space.BuildMappings(kept);
        space.SetMemoryMap();
        space.Advise(AddressSpaceBuilder.IsMapped);
        var own = new PageFiller(process, kept).Fill(source, bytesDone);
        process.Inherited = new InheritedMemory(process.Images.Space, process.Images.Process.Executable.ToStringUtf8(), own);
    }

    /// <summary>Adds what only a process that makes no other may have, and what is made by the processes of the job. Precondition: <see cref="Build"/>; all processes exist,
    /// and this one has no descriptor open.</summary>
    public void Complete(RestoredProcess process, SystemVBuilder systemV)
    {
        new SegmentAttacher(process, systemV).Attach();
        new AioRingBuilder(process).Build();
        var space = new AddressSpaceBuilder(process, opened, shared, vdso);
        space.Advise(mapping => !AddressSpaceBuilder.IsMapped(mapping));
        space.Complete();
    }
}
