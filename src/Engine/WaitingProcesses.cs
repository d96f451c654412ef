using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine;

/// <summary>A descriptor of some process.</summary>
/// <param name="Pid">PID of the process, as the host numbers it.</param>
/// <param name="Number">Descriptor number.</param>
public readonly record struct HeldDescriptor(int Pid, int Number);

/// <summary>
/// Processes that do nothing but wait for a job, and often have its output file open: <c>run</c>, and the shells and batch scripts above it. A restore puts no file back that
/// somebody else may write; these do not, as long as the job runs.
/// </summary>
public static class WaitingProcesses
{
    private const string WaitsForChild = "do_wait"; // kernel/exit.c, of wait4(2) and waitid(2)

    /// <summary>
    /// What a process that waits for a job holds, and those of its ancestors that are in wait4(2) or waitid(2). An ancestor's descriptor counts where what it writes later lands
    /// behind what the job wrote: it appends, or shares its position with the process that waits, which moves it (<see cref="OwnOutputs"/>).
    /// </summary>
    public static IReadOnlyList<HeldDescriptor> DescriptorsOf(ProcessId waiter)
    {
        var own = WrittenBy(waiter);
        List<HeldDescriptor> held = [.. own.Select(link => Held(link))];
        for (var ancestor = ParentOf(waiter); ancestor is { Value: > 1 } process; ancestor = ParentOf(process))
        {
            if (IsWaiting(process))
            {
                held.AddRange(WrittenBy(process).Where(link => IsAppending(link) || own.Exists(other => AreShared(link, other))).Select(Held));
            }
        }

        return held;
    }

    private static HeldDescriptor Held(DescriptorLink link) => new(link.Process.Value, link.Number);

    private static List<DescriptorLink> WrittenBy(ProcessId process) =>
        [.. DescriptorLink.Of(process).Where(link => FlagsOf(link) is { } flags && (flags & FileFlag.O_ACCMODE) != FileFlag.O_RDONLY)];

    private static ProcessId? ParentOf(ProcessId process) => ProcFs.TryStat(process) is { } stat ? new ProcessId(stat.ParentPid) : null;

    /// <summary>All of it: a process with threads can write while one of them waits.</summary>
    private static bool IsWaiting(ProcessId process) =>
        ProcFs.TryThreads(process) is [var only] && ProcFs.WaitChannel(process, only) == WaitsForChild;

    private static bool IsAppending(DescriptorLink link) => FlagsOf(link) is { } flags && (flags & FileFlag.O_APPEND) != 0;

    private static int? FlagsOf(DescriptorLink link) => ProcFs.TryFdInfo(link.Process, link.Number)?.Flags;

    private static bool AreShared(DescriptorLink one, DescriptorLink other) =>
        one.Target == other.Target && Kcmp.Compare(Interop.Task.KCMP_FILE, one.Process.Value, other.Process.Value, one.Number, other.Number) == 0;
}
