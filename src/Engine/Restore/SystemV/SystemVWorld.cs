using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// System V objects outlive their processes. Refuses where an ID or key of the job is another object's by now, or somebody else has come to use the object
/// that the job had. Changes nothing.
/// </summary>
internal static class SystemVWorld
{
    /// <summary>Throws WorldChanged where an object cannot be made or taken over.</summary>
    public static void Require(GenerationImages images)
    {
        var job = images.Processes.Select(process => process.Process.Pid)
            .Concat(images.Processes.SelectMany(process => process.Process.Zombies).Select(zombie => zombie.Pid)).ToHashSet();
        if (HostProc.Root is not null && images.Inventory.BootId == ProcFs.BootId())
        {
            // Processes that our PID namespace does not show, those of the job before it died among them, have the number 0 here. Within a boot, an ID is not
            // given to another object before 65536 others had its place: it is the job's.
            _ = job.Add(0);
        }

        var segments = images.SystemV.Segments.Count == 0 ? [] : SystemVTables.Segments();
        foreach (var segment in images.SystemV.Segments)
        {
            Require("shared memory segment", "-m", segment.Object, segments.Select(now => now.Entry));
            if (segments.Find(now => now.Entry.Id == segment.Object.Id) is { } found)
            {
                RequireSame(segment, found, job);
            }
        }

        var sets = images.SystemV.SemaphoreSets.Count == 0 ? [] : SystemVTables.SemaphoreSets();
        foreach (var set in images.SystemV.SemaphoreSets)
        {
            Require("set of semaphores", "-s", set.Object, sets.Select(now => now.Entry));
            if (sets.Find(now => now.Entry.Id == set.Object.Id) is { } found)
            {
                var pids = Enumerable.Range(0, found.Count).Select(number => SystemVCalls.TryAsk(set.Object.Id, number, Interop.SystemVIpc.GETPID) ?? 0);
                RequireUnused("set of semaphores", "-s", set.Object, found.Count == set.Values.Count, pids, job);
            }
        }

        var queues = images.SystemV.Queues.Count == 0 ? [] : SystemVTables.Queues();
        foreach (var queue in images.SystemV.Queues)
        {
            Require("message queue", "-q", queue.Object, queues.Select(now => now.Entry));
            if (queues.Find(now => now.Entry.Id == queue.Object.Id) is { } found)
            {
                RequireUnused("message queue", "-q", queue.Object, true, [found.LastSender, found.LastReceiver], job);
            }
        }
    }

    private static void Require(string what, string option, SystemVObject then, IEnumerable<SystemVEntry> now)
    {
        foreach (var entry in now.Where(entry => entry.Id == then.Id ? entry.Key != then.Key : then.Key != 0 && entry.Key == then.Key))
        {
            throw InTheWay(what, option, then, entry.Id, "which has its place");
        }
    }

    private static void RequireSame(SystemVSegment then, SystemVSegmentEntry now, HashSet<int> job)
    {
        const string What = "shared memory segment";
        if (now.Attachments > 0)
        {
            throw InTheWay(What, "-m", then.Object, now.Entry.Id, $"which {now.Attachments} mapping(s) of other processes are attached to");
        }

        // After a restore it was made by the process of the same PID, or by another of the job.
        if (now.Bytes != then.Bytes || (now.CreatorPid != then.CreatorPid && !job.Contains(now.CreatorPid)))
        {
            throw InTheWay(What, "-m", then.Object, now.Entry.Id, $"made by process {now.CreatorPid} with {now.Bytes} bytes");
        }
    }

    private static void RequireUnused(string what, string option, SystemVObject then, bool hasSameSize, IEnumerable<int> users, HashSet<int> job)
    {
        if (!hasSameSize)
        {
            throw InTheWay(what, option, then, then.Id, "which has another size");
        }

        foreach (var pid in users.Where(pid => pid > 0 && !job.Contains(pid)))
        {
            if (ProcFs.TryStat(new ProcessId(pid)) is { IsDead: false } user)
            {
                throw InTheWay(what, option, then, then.Id, $"which process {pid} ({user.Comm}) has used since");
            }
        }
    }

    private static EngineException InTheWay(string what, string option, SystemVObject then, int id, string why) => new(
        EngineFailure.WorldChanged,
        $"The System V {what} {then.Id} (key 0x{then.Key:x8}) of the job cannot be made again: there is {what} {id}, {why}.",
        $"see `ipcs {option} -p`, and remove it if nobody needs it: ipcrm {option} {id}");
}
