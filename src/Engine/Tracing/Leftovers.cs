using System.Globalization;
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
    /// Ends copies that outlived their tracer in the job under <paramref name="root"/>. That takes a SIGSTOP from somebody in the few microseconds before
    /// the copy's life was tied to ours; all others have ended by themselves. To be called before the job is looked at: a live copy would be taken for a
    /// process that shares descriptors with its parent.
    /// </summary>
    public static void EndOrphans(ProcessId root)
    {
        foreach (var process in ProcessTree.Walk(root).Live.Where(IsOrphanedCopy))
        {
            TracerDeath.MayCome();
            if (Libc.kill(process.Value, Signal.SIGKILL) != 0 && LastError.Get() is var errno && errno != Errno.ESRCH)
            {
                throw new LinuxException($"kill of the left copy {process}", errno);
            }
        }
    }

    /// <summary>True for a live copy that nobody traces: it stands in the code of a gate.</summary>
    private static bool IsOrphanedCopy(ProcessId process)
    {
        if (ProcFs.TryStat(process) is not { ExitSignal: 0, ThreadCount: 1 } || ProcFs.TryStatus(process) is not { TracerPid: 0 })
        {
            return false;
        }

        // "NUMBER ARGUMENTS STACK-POINTER INSTRUCTION-POINTER", or "running".
        var word = ProcFs.Text(process, "syscall").Split(' ')[^1];
        return word.StartsWith("0x", StringComparison.Ordinal)
            && ulong.TryParse(word.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var instruction)
            && (ProcFs.TryMaps(process) ?? []).Any(vma => IsGate(vma) && vma.Start <= instruction && instruction < vma.End);
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

    private static bool NeverRan(ProcessId zombie) => NeverRan(ProcFs.Text(zombie, "stat"));

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
