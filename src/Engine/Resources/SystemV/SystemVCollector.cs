using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Resources;

/// <summary>
/// Turns the System V objects that a job uses into images: segments that it has attached or made, sets of semaphores and queues that a process of it
/// used last or waits for. Refuses those that others use too.
/// </summary>
internal sealed class SystemVCollector(ProcessTree tree, FindingList findings, SharedObjectTable objects) : IDisposable
{
    private const string Resource = "sysv";
    private const uint PermissionBits = 0x1ff;
    private readonly SystemVUsers _users = new(tree);
    private readonly List<SafeFd> _unattached = [];

    /// <summary>Collects them all.</summary>
    /// <param name="vmas">Mappings of all processes of the job. Precondition: their segments are in the table of objects already.</param>
    /// <param name="isFrozen">False in preflight: then nothing is touched, and what changes meanwhile is let pass.</param>
    public SystemV Collect(IReadOnlyCollection<Vma> vmas, bool isFrozen)
    {
        var image = new SystemV();
        var systemV = new SystemVMappings();
        var attached = vmas.Where(systemV.IsOf).ToLookup(vma => (int)vma.Inode);
        foreach (var segment in SystemVTables.Segments())
        {
            if (attached.Contains(segment.Entry.Id) || _users.HasUsed(new SystemVUse(segment.CreatorPid, segment.ChangedUnix)))
            {
                RefuseOthers(segment, attached[segment.Entry.Id].Count(), isFrozen);
                image.Segments.Add(ImageOf(segment, attached[segment.Entry.Id].FirstOrDefault(), isFrozen));
            }
        }

        image.SemaphoreSets.AddRange(SystemVTables.SemaphoreSets().Select(set => TryImageOf(set, isFrozen)).OfType<SystemVSemaphoreSet>());
        image.Queues.AddRange(SystemVTables.Queues().Select(queue => TryImageOf(queue, isFrozen)).OfType<SystemVQueue>());
        return image;
    }

    /// <inheritdoc/>
    public void Dispose() => _unattached.ForEach(fd => fd.Dispose());

    private void RefuseOthers(SystemVSegmentEntry segment, int ours, bool isFrozen)
    {
        if (segment.Attachments <= ours)
        {
            return;
        }

        if (_users.OutsiderAttachedTo(segment.Entry) is { } outsider)
        {
            Refuse($"The System V shared memory segment {segment.Entry.Id} of the job is also attached to {NameOf(outsider)}; end that process and try again.");
        }
        else if (isFrozen && SystemVTables.Segments().Any(now => now.Entry.Id == segment.Entry.Id && now.Attachments > ours) && !HasCopy())
        {
            Refuse($"The System V shared memory segment {segment.Entry.Id} of the job is also attached to a process that checkpointer cannot see.");
        }
    }

    /// <summary>True where a copy of another dump of the same job lives, which has the attachments of its parent.</summary>
    private bool HasCopy() => tree.Live.Any(process => (ProcFs.TryThreads(process) ?? []).SelectMany(thread => ProcFs.TryChildren(thread) ?? []).Any(child => !_users.IsOfJob(child.Value)));

    private SystemVSegment ImageOf(SystemVSegmentEntry segment, Vma? mapping, bool isFrozen)
    {
        var entry = segment.Entry;
        var image = new SystemVSegment
        {
            Object = ImageOf(entry),
            Bytes = segment.Bytes,
            CreatorPid = segment.CreatorPid,
            IsRemoved = (entry.Mode & SystemVIpc.SHM_DEST) != 0,
            IsLocked = (entry.Mode & SystemVIpc.SHM_LOCKED) != 0,
            FirstKey = mapping is null ? entry.Key : SystemVMappings.TryKey(mapping) ?? entry.Key,
        };
        if (mapping is not null)
        {
            image.SharedMemory = objects.Objects.First(shared => shared.Image.Kind == SharedMemory.Types.Kind.SystemV && shared.Inode == mapping.Inode).Image.Id;
        }
        else if (isFrozen)
        {
            var file = SystemVCalls.OpenSegment(entry.Id, segment.Bytes, FileFlag.O_RDONLY);
            _unattached.Add(file);
            var shared = objects.Add(FileStat.Of(file.Path), SharedMemory.Types.Kind.SystemV, string.Empty, file.Path, out _);
            shared.HugePageBytes = HugePages.BytesOf(file.Path);
            image.SharedMemory = shared.Id;
        }

        return image;
    }

    private SystemVSemaphoreSet? TryImageOf(SystemVSemaphoreEntry set, bool isFrozen)
    {
        var id = set.Entry.Id;
        var pids = Enumerable.Range(0, set.Count).Select(number => SystemVCalls.TryAsk(id, number, SystemVIpc.GETPID) ?? 0).ToList();
        var uses = pids.ConvertAll(pid => new SystemVUse(pid, Math.Max(set.OperatedUnix, set.ChangedUnix)));
        if (!IsOfJob($"semaphores {id} of the job were", uses, () => _users.IsWaited(id, Sys.Semop, Sys.Semtimedop)))
        {
            return null;
        }

        // Those who wait in the job have been interrupted.
        if (isFrozen && Enumerable.Range(0, set.Count).Any(number => IsWaited(id, number)))
        {
            Refuse($"Processes outside of the job wait for the System V semaphores {id} of the job; end them and try again.");
        }

        if (SystemVCalls.TryValues(id, set.Count) is not { } values)
        {
            return null;
        }

        var image = new SystemVSemaphoreSet { Object = ImageOf(set.Entry), WasOperated = set.OperatedUnix != 0 };
        image.Values.AddRange(values.Select(value => (uint)value));
        image.Pids.AddRange(pids);
        return image;
    }

    /// <summary>
    /// Whether an object is the job's, by the numbers of the processes that used it. One that another process uses as well is refused, unless the job has only come to a number of
    /// old. The times decide nothing else: where the clock was set forward, they would make what is the job's a stranger's.
    /// </summary>
    private bool IsOfJob(string what, List<SystemVUse> uses, Func<bool> isWaited)
    {
        if (!uses.Exists(use => _users.IsOfJob(use.Pid)) && !isWaited())
        {
            return false;
        }

        if (_users.Outsider(uses) is { } outsider)
        {
            if (!uses.Exists(_users.HasUsed) && !isWaited())
            {
                return false;
            }

            Refuse($"The System V {what} also used by {NameOf(outsider)}; end that process and try again.");
        }

        return true;
    }

    private static bool IsWaited(int id, int number) =>
        SystemVCalls.TryAsk(id, number, SystemVIpc.GETNCNT) > 0 || SystemVCalls.TryAsk(id, number, SystemVIpc.GETZCNT) > 0;

    private SystemVQueue? TryImageOf(SystemVQueueEntry queue, bool isFrozen)
    {
        const int MessageBytesUsual = 8192 + sizeof(long); // msgmax, /proc/sys/kernel/msgmax
        var id = queue.Entry.Id;
        List<SystemVUse> uses = [new(queue.LastSender, queue.SentUnix), new(queue.LastReceiver, queue.ReceivedUnix)];
        if (!IsOfJob($"message queue {id} of the job was", uses, () => _users.IsWaited(id, Sys.Msgsnd, Sys.Msgrcv)))
        {
            return null;
        }

        if (SystemVCalls.TryQueueBytesMax(id) is not { } bytesMax)
        {
            return null;
        }

        var image = new SystemVQueue { Object = ImageOf(queue.Entry), BytesMax = bytesMax, LastSender = queue.LastSender, LastReceiver = queue.LastReceiver };
        var buffer = new byte[MessageBytesUsual];
        while (isFrozen && SystemVCalls.TryPeek(id, image.Messages.Count, ref buffer) is { } message)
        {
            image.Messages.Add(message);
        }

        return image;
    }

    private static SystemVObject ImageOf(SystemVEntry entry) =>
        new() { Id = entry.Id, Key = entry.Key, Mode = entry.Mode & PermissionBits, Owner = entry.Owner, Group = entry.Group };

    private static string NameOf(ProcessId process) => $"process {process} ({ProcFs.TryStat(process)?.Comm ?? "gone"}), outside of the job";

    private void Refuse(string sentence) => findings.Refuse(_users.Root, Resource, sentence);
}
