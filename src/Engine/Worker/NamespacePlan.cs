using System.Globalization;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Support;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Worker;

/// <summary>The namespaces in which a worker runs: made for a job that is to be restored, or those of a job that runs.</summary>
/// <param name="Joined">Process whose namespaces are entered; null where new ones are made.</param>
/// <param name="Names">Which of it, as in /proc/PID/ns, in the order in which they are entered.</param>
/// <param name="FirstPid">Of a new PID namespace, the number after which the kernel gives PIDs to us; 0: no PID namespace is made.</param>
/// <param name="Clocks">Clocks of a new time namespace; null: none is made.</param>
/// <param name="IsApart">Network and System V objects are others, too, so that nothing that is made there shows outside.</param>
internal sealed record NamespacePlan(ProcessId? Joined, IReadOnlyList<string> Names, int FirstPid, ClockOffsets? Clocks, bool IsApart = false)
{
    // Entered in this order: with the mount namespace, /proc is another.
    private static readonly string[] _ofJobs = ["time", "pid", "mnt"];

    // More than a worker has threads and helpers, ever.
    private const int WorkerPids = 4096;
    private const int FirstFreePid = 300; // RESERVED_PIDS of kernel/pid.c
    private const string LastPidFile = "/proc/sys/kernel/ns_last_pid"; // CONFIG_CHECKPOINT_RESTORE

    /// <summary>True where a PID namespace is made.</summary>
    public bool MakesPids => FirstPid > 0;

    /// <summary>The flags of unshare(2).</summary>
    public ulong NewFlags => (MakesPids ? Task.CLONE_NEWPID | Task.CLONE_NEWNS : 0ul) | (Clocks is null ? 0ul : Task.CLONE_NEWTIME)
        | (IsApart ? (ulong)(Task.CLONE_NEWIPC | Task.CLONE_NEWNET) : 0ul);

    /// <summary>
    /// What has to be entered to look at a job as it sees itself; null where that is nothing, or where the job is in namespaces of others, which are refused.
    /// A PID namespace of ours is known by its init, the parent of the job's first process; a time namespace is all in its offsets, whoever made it.
    /// </summary>
    public static NamespacePlan? OfJob(ProcessId root)
    {
        var names = _ofJobs.Where(name => Link(root, name) is { } theirs && theirs != ProcFs.ReadLink($"/proc/self/ns/{name}")).ToList();
        var isOurs = names.Contains("pid") ? names.Contains("mnt") && PrivateInit.IsParentOf(root) : !names.Contains("mnt");
        return names.Count > 0 && isOurs ? new NamespacePlan(root, names, 0, null) : null;
    }

    /// <summary>What has to be made for a generation; null where that is nothing.</summary>
    /// <exception cref="EngineException">PidTaken, where a PID is taken and the options refuse that.</exception>
    public static NamespacePlan? ForRestore(GenerationImages images, EngineOptions options, TimeSpan patience)
    {
        var ids = Restorer.AllIds(images).ToHashSet();
        var wanted = options.TimeNamespace == TimeNamespaceChoice.Never ? null : ClockOffsets.Wanted(images.Inventory);
        var clocks = wanted == ClockOffsets.Ours() ? null : wanted;
        var ownPids = options.PidNamespace == PidNamespaceChoice.Always
            || (options.PidNamespace == PidNamespaceChoice.WhenTaken && ((clocks is not null && AreNext(ids)) || IsTaken(ids, patience)));
        return ownPids || clocks is not null ? new NamespacePlan(null, [], ownPids ? FreePids([.. ids, .. Remembered(images)]) : 0, clocks) : null;
    }

    /// <summary>What is made for a rehearsal: everything that a job could change outside, but for files.</summary>
    public static NamespacePlan ForRehearsal(GenerationImages images)
    {
        var wanted = ClockOffsets.Wanted(images.Inventory);
        return new NamespacePlan(null, [], FreePids([.. Restorer.AllIds(images), .. Remembered(images)]), wanted == ClockOffsets.Ours() ? null : wanted, IsApart: true);
    }

    /// <summary>PIDs of processes that have ended and that sockets remember (SO_PEERCRED): those that make them again need these.</summary>
    private static IEnumerable<int> Remembered(GenerationImages images) =>
        images.Files.OpenFiles.Select(file => file.Socket?.Unix?.PeerCredentials?.Pid ?? 0);

    /// <summary>True where the kernel is about to give one of the numbers to somebody, such as a worker, of this job or of another: after a boot, when jobs had low numbers and so have
    /// all that come back now.</summary>
    private static bool AreNext(HashSet<int> ids)
    {
        var last = int.Parse(File.ReadAllText(LastPidFile), CultureInfo.InvariantCulture);
        return ids.Any(id => id > last && id - last <= WorkerPids);
    }

    private static bool IsTaken(HashSet<int> ids, TimeSpan patience)
    {
        try
        {
            PidAvailability.Require(ids, patience);
            return false;
        }
        catch (EngineException exception) when (exception.Reason is EngineFailure.PidTaken or EngineFailure.PidUnreaped)
        {
            return true;
        }
    }

    /// <summary>A number behind which the job has none for a while: what we need while we restore must not be what it needs.</summary>
    private static int FreePids(HashSet<int> ids)
    {
        var at = FirstFreePid;
        foreach (var id in ids.Order())
        {
            if (id - at > WorkerPids)
            {
                break;
            }

            at = Math.Max(at, id);
        }

        return at;
    }

    private static string? Link(ProcessId process, string name) => ProcFs.ReadLink(ProcFs.PathOf(process, "ns/" + name));
}
