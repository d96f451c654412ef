using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Makes the System V objects of a job again under their IDs, or takes over those that are still there. What it made is removed again where the restore fails.
/// Precondition of all: <see cref="SystemVWorld"/> found nothing in the way.
/// </summary>
internal sealed class SystemVBuilder(GenerationImages images, IReadOnlyList<RestoredProcess> processes) : IDisposable
{
    private const ulong OnlyForUs = 0x180; // 0600
    private readonly SystemV _image = images.SystemV;
    private readonly List<Action> _undo = [];

    /// <summary>Makes all. Precondition: the processes exist, with all rights, and use none of them yet.</summary>
    public void Make()
    {
        if (_image.CalculateSize() == 0)
        {
            return;
        }

        MakeSegments();
        MakeSemaphores();
        MakeQueues();
    }

    /// <summary>The segment that an attachment is of.</summary>
    public SystemVSegment SegmentOf(uint sharedMemory) => _image.Segments.First(segment => segment.SharedMemory == sharedMemory);

    /// <summary>A segment as the file that it is, to put its contents back.</summary>
    public SafeFd Open(SharedMemory shared)
    {
        var segment = SegmentOf(shared.Id);
        return SystemVCalls.OpenSegment(segment.Object.Id, segment.Bytes, FileFlag.O_RDWR);
    }

    /// <summary>Locks segments, and marks those for removal that were. Precondition: all processes have attached theirs.</summary>
    public void Finish()
    {
        foreach (var segment in _image.Segments)
        {
            if (segment.IsLocked)
            {
                SystemVCalls.LockSegment(segment.Object.Id);
            }

            if (segment.IsRemoved)
            {
                SystemVCalls.RemoveSegment(segment.Object.Id);
            }
        }
    }

    /// <summary>The job runs: what was made is its own.</summary>
    public void Keep() => _undo.Clear();

    /// <inheritdoc/>
    public void Dispose() => _undo.ForEach(remove => remove());

    private void MakeSegments()
    {
        var now = SystemVTables.Segments();
        foreach (var segment in _image.Segments)
        {
            if (!now.Exists(other => other.Entry.Id == segment.Object.Id))
            {
                // One that is marked for removal has no key any more, only a name with its first one, which may be another's by now.
                var isNameFree = segment.IsRemoved && !now.Exists(other => other.Entry.Key == segment.FirstKey);
                Make(segment, isNameFree ? segment.FirstKey : segment.Object.Key);
            }

            // Also where it need not: by the time of the change the next dump knows that it is this job's, however young the processes are.
            SystemVCalls.SetSegment(segment.Object);
        }
    }

    /// <summary>The process that had made it does: that is what the next dump knows a segment by that nobody has attached.</summary>
    private void Make(SystemVSegment segment, int key)
    {
        var maker = ProcessOf(segment.CreatorPid) ?? processes[0];
        var shared = images.Inventory.SharedMemory.First(shared => shared.Id == segment.SharedMemory);
        var flags = SystemVIpc.IPC_CREAT | SystemVIpc.IPC_EXCL | OnlyForUs | HugePages.Flag(shared.HugePageBytes, SystemVIpc.SHM_HUGETLB);
        SystemVCalls.AskForId("shm", segment.Object.Id);
        var id = (int)maker.Call($"shmget of {segment.Bytes} bytes", Sys.Shmget, (ulong)(uint)key, segment.Bytes, flags);
        _undo.Add(() => SystemVCalls.TryRemove(SystemVKind.Segment, id));
        RequireId("shared memory segment", segment.Object, id);
    }

    private void MakeSemaphores()
    {
        var now = SystemVTables.SemaphoreSets().Select(set => set.Entry.Id).ToHashSet();
        foreach (var set in _image.SemaphoreSets)
        {
            if (!now.Contains(set.Object.Id))
            {
                var id = SystemVCalls.MakeSemaphores(set.Object, set.Values.Count);
                _undo.Add(() => SystemVCalls.TryRemove(SystemVKind.Semaphores, id));
                RequireId("set of semaphores", set.Object, id);
            }

            new SemaphoreFiller(set, ProcessOf).Fill();
        }
    }

    private void MakeQueues()
    {
        var now = SystemVTables.Queues().Select(queue => queue.Entry.Id).ToHashSet();
        foreach (var queue in _image.Queues)
        {
            if (!now.Contains(queue.Object.Id))
            {
                var id = SystemVCalls.MakeQueue(queue.Object);
                _undo.Add(() => SystemVCalls.TryRemove(SystemVKind.Queue, id));
                RequireId("message queue", queue.Object, id);
            }

            new QueueFiller(queue, ProcessOf).Fill();
        }
    }

    private RestoredProcess? ProcessOf(int pid) => processes.FirstOrDefault(process => process.Id.Value == pid);

    private static void RequireId(string what, SystemVObject image, int id)
    {
        if (id != image.Id)
        {
            throw new EngineException(EngineFailure.WorldChanged, $"The System V {what} {image.Id} of the job got ID {id}: somebody made one at this moment.", "recover again");
        }
    }
}
