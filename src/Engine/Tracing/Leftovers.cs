using System.Diagnostics;
using System.Globalization;
using System.Text;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// What a dump that was killed may have left in a job, found and removed by the next one: a gate, the zombie of a stopped copy, and, where somebody
/// stopped it with the job, the copy itself. Descriptors and signal masks cannot be left; see <see cref="SyscallInjection"/> and <see cref="GateCode"/>.
/// </summary>
internal static class Leftovers
{
    // A copy that was let go runs a few instructions to its end: the gate page, its stack and the rseq area are what it can touch.
    private const int FaultsOfCopyMax = 16;
    private const int ExitStatusShift = 8;
    private const uint PollMicroseconds = 200;

    // A thread that is on its way home, or a killed copy, needs no more than to be scheduled: milliseconds, on a machine that is not overloaded.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    // Fields of /proc/PID/stat: minflt, majflt, utime, stime.
    private const int MinorFaultsField = 10;
    private const int MajorFaultsField = 12;
    private const int UserTicksField = 14;

    /// <summary>Removes all of it from a job that has just been frozen. Its mappings and zombies are then without ours.</summary>
    public static void Remove(FrozenJob job)
    {
        foreach (var process in job.Processes)
        {
            foreach (var vma in process.Vmas.Where(vma => IsGate(vma) && IsGateCode(vma, process.Memory)).ToList())
            {
                process.RemoveGate(vma);
            }
        }

        job.SetZombies([.. job.Zombies.Where(zombie => !TryReap(zombie, job))]);
    }

    /// <summary>
    /// Thaws a cgroup that was held, ends copies that outlived their tracer in a job, and waits until they are zombies. Most end by themselves, once they
    /// get to run; one that somebody stopped by SIGSTOP, in the microseconds before its life was tied to its tracer's, does not. To be called before the
    /// job is looked at: a live copy would be taken for a process that shares descriptors with its parent.
    /// </summary>
    /// <exception cref="EngineException">TimedOut: one does not die.</exception>
    public static void EndOrphans(JobScope scope)
    {
        CgroupHold.EndLeft(scope);
        var start = Stopwatch.GetTimestamp();
        for (var orphans = Orphans(scope); orphans.Count > 0; orphans = Orphans(scope))
        {
            if (Stopwatch.GetElapsedTime(start) > _patience)
            {
                throw new EngineException(EngineFailure.TimedOut, $"The copy {orphans[0]} that an earlier dump has left does not die.", "try again");
            }

            orphans.ForEach(Kill);
            _ = Libc.usleep(PollMicroseconds);
        }
    }

    /// <summary>Lets a thread that is still in an injected call of a tracer that died go home: it was let go, and had no chance to run yet.
    /// Precondition: it is stopped.</summary>
    /// <exception cref="EngineException">TimedOut: it is in a call, or in a signal handler, that takes long.</exception>
    public static void LetHome(Tracee tracee)
    {
        var start = Stopwatch.GetTimestamp();
        var signal = 0;
        while (tracee.GetRegisters() is var registers && (Gate.IsIn(registers.InstructionPointer) || Gate.IsIn(registers.StackPointer)))
        {
            if (Stopwatch.GetElapsedTime(start) > _patience)
            {
                throw new EngineException(
                    EngineFailure.TimedOut, $"Thread {tracee.Thread} has not ended a call that a dump made in it before it was killed.", "try again");
            }

            tracee.Resume(Ptrace.PTRACE_SYSCALL, signal);
            var status = tracee.Wait(_patience);
            if (status.IsDead)
            {
                throw new EngineException(EngineFailure.NoSuchProcess, $"Thread {tracee.Thread} of process {tracee.Process} {status}.");
            }

            signal = status.SignalToDeliver;
        }
    }

    private static List<ProcessId> Orphans(JobScope scope) => [.. ProcessTree.Walk(scope).Live.Where(IsOrphan)];

    /// <summary>True for a live copy that nobody traces: it has a gate mapped and never ran, or gives up its memory just now.</summary>
    private static bool IsOrphan(ProcessId process) =>
        ProcFs.TryStat(process) is { ExitSignal: 0, ThreadCount: 1 } stat
        && ProcFs.TryStatus(process) is { TracerPid: 0 }
        && NeverRan(process)
        && (stat.IsEnding || (ProcFs.TryMaps(process) ?? []).Any(IsGate));

    private static void Kill(ProcessId orphan)
    {
        TracerDeath.MayCome();
        if (Libc.kill(orphan.Value, Signal.SIGKILL) != 0 && LastError.Get() is var errno && errno != Errno.ESRCH)
        {
            throw new LinuxException($"kill of the left copy {orphan}", errno);
        }
    }

    /// <summary>True for the mapping of a gate of ours, by its place and kind.</summary>
    public static bool IsGate(Vma vma) =>
        vma is { IsShared: true, Readable: true, Writable: true, Executable: true, IsDeleted: true, Path: "/dev/zero" }
        && Gate.Places.Contains(vma.Start);

    /// <summary>True for the zombie of a stopped copy: it is no child that the job could wait for as for others, was killed by us or ended by the
    /// gate's code, and never did anything.</summary>
    public static bool IsZombieOfCopy(ProcessId zombie) =>
        ProcFs.TryStat(zombie) is { State: 'Z', ExitSignal: 0, ExitCode: Signal.SIGKILL or (GateCode.CopyExitCode << ExitStatusShift) } && NeverRan(zombie);

    /// <summary>The fields of /proc/PID/stat that tell whether a process ran.</summary>
    internal static bool NeverRan(ReadOnlySpan<char> stat)
    {
        // Counted from the state, field 3, behind the name, which may hold blanks.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].ToString().Split(' ');
        return ulong.Parse(Field(MinorFaultsField), CultureInfo.InvariantCulture) <= FaultsOfCopyMax
            && Field(MajorFaultsField) == "0" && Field(UserTicksField) == "0" && Field(UserTicksField + 1) == "0";

        string Field(int number) => fields[number - 3];
    }

    private static bool NeverRan(ProcessId process) =>
        ProcFile.TryParse(ProcFs.PathOf(process, "stat"), text => Encoding.UTF8.GetString(text)) is { } stat && NeverRan(stat);

    /// <summary>A page of ours, of any version; or still empty, where we died before the code was there.</summary>
    private static bool IsGateCode(Vma vma, RemoteMemory memory)
    {
        Span<byte> page = stackalloc byte[GateCode.MarkOffset + GateCode.Mark.Length];
        return memory.TryRead(new RemotePtr(vma.Start), page) == page.Length
            && (page[GateCode.MarkOffset..].SequenceEqual(GateCode.Mark) || (vma.Bytes == Gate.Bytes && !page.ContainsAnyExcept((byte)0)));
    }

    private static bool TryReap(ProcessId zombie, FrozenJob job)
    {
        if (!IsZombieOfCopy(zombie)
            || ProcFs.TryStat(zombie) is not { } stat
            || job.Processes.FirstOrDefault(process => process.Id.Value == stat.ParentPid) is not { } parent)
        {
            return false;
        }

        return parent.TryReapCopy(zombie);
    }
}
