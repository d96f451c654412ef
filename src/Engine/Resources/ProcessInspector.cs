using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Resources;

/// <summary>Refuses processes in states that are not carried, as far as /proc tells. Touches nothing.</summary>
internal static class ProcessInspector
{
    private const uint DeadlinePolicy = 6;
    private const string ForChildren = "pid_for_children";

    private static readonly string[] _namespaces = ["mnt", "pid", ForChildren, "net", "uts", "ipc", "user", "time", "time_for_children", "cgroup"];

    /// <summary>Inspects all processes of a tree.</summary>
    public static void Inspect(ProcessTree tree, ProcessSharing sharing, FindingList findings)
    {
        // One that has ended since the tree was walked is no matter: only in preflight, where the job runs on.
        var processes = tree.Live.Select(process => (Id: process, Stat: ProcFs.TryStat(process))).Where(entry => entry.Stat is { IsDead: false }).ToList();
        if (processes.Count == 0 || processes[0].Id != tree.Live[0])
        {
            throw new EngineException(EngineFailure.NoSuchProcess, $"Process {tree.Live[0]} has ended.");
        }

        var job = processes.Select(entry => entry.Id.Value).ToHashSet();
        foreach (var (process, stat) in processes)
        {
            PosixTimerInspector.Inspect(process, job, findings);
            InspectState(process, findings);
            InspectWorld(process, findings);
            InspectThreads(process, findings);
        }

        TreeInspector.Inspect([.. processes.Select(entry => entry.Stat!)], tree, sharing, findings);
    }

    private static void InspectState(ProcessId process, FindingList findings)
    {
        var status = ProcFs.TryStatus(process);
        if (status is null)
        {
            return;
        }

        // Linux reports the tracing thread; inside the freeze it is one of ours.
        if (status.TracerPid != 0 && !ProcFs.IsOurThread(new ThreadId(status.TracerPid)))
        {
            var name = ProcFs.TryStat(new ProcessId(status.TracerPid))?.Comm;
            findings.Refuse(process, "tracer", $"Process {process} is traced by process {status.TracerPid} ({name}); detach that debugger first.");
        }
    }

    private static void InspectWorld(ProcessId process, FindingList findings)
    {
        foreach (var name in _namespaces)
        {
            var theirs = ProcFs.ReadLink(ProcFs.PathOf(process, "ns/" + name));
            var ours = ProcFs.ReadLink("/proc/self/ns/" + name);
            if (theirs is null && name == ForChildren && ProcFs.ReadLink(ProcFs.PathOf(process, "ns/mnt")) is not null)
            {
                // That of children that are not born yet has no link (pid_namespaces(7)). A process that is ending has none either, but no mount namespace any more.
                findings.Refuse(process, "namespace", $"Process {process} has made a pid namespace that has no process yet; it cannot be carried.");
            }

            if (theirs is not null && ours is not null && theirs != ours)
            {
                findings.Refuse(process, "namespace", $"Process {process} runs in another {name} namespace ({theirs}); run checkpointer inside that container.");
            }
        }

        RefuseMissing(process, "root", "root directory", findings);
        RefuseMissing(process, "cwd", "working directory", findings);
        RefuseMissing(process, "exe", "executable", findings);
    }

    private static void RefuseMissing(ProcessId process, string link, string what, FindingList findings)
    {
        var path = ProcFs.PathOf(process, link);
        if (ProcFs.ReadLink(path) is not { } target || FileStat.TryOf(path) is not { } actual)
        {
            return;
        }

        if ((link == "cwd" && RemovedFiles.Is(target, actual)) || (link == "exe" && NamelessFile.Is(target, actual)))
        {
            return;
        }

        if (FileStat.TryOf(target) is not { } named || !named.IsSameFile(actual))
        {
            findings.Refuse(process, link, $"The {what} of process {process} ({target}) was deleted or replaced; put it back and try again.");
        }
    }

    private static void InspectThreads(ProcessId process, FindingList findings)
    {
        foreach (var thread in ProcFs.TryThreads(process) ?? [])
        {
            if (ProcFs.TryStat(process, thread) is { Policy: >= DeadlinePolicy } stat)
            {
                findings.Refuse(process, "scheduling", $"Thread {thread} of process {process} has scheduling policy {stat.Policy}; only OTHER, BATCH, IDLE, FIFO and RR are carried.");
            }

            if (thread != process.Leader)
            {
                RefuseUnlessShared(process, thread, Task.KCMP_FILES, "descriptor table", findings);
                RefuseUnlessShared(process, thread, Task.KCMP_FS, "working directory", findings);
            }
        }
    }

    private static void RefuseUnlessShared(ProcessId process, ThreadId thread, int type, string what, FindingList findings)
    {
        // A thread that is ending has given its share up already; it ends before, or is not found in, the freeze.
        if (Kcmp.Compare(type, process.Value, thread.Value) > 0
            && ProcFs.TryStat(process, thread) is { IsEnding: false })
        {
            findings.Refuse(process, "thread", $"Thread {thread} of process {process} has a {what} of its own; that is not carried.");
        }
    }
}
