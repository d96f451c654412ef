using System.Buffers.Binary;
using System.Globalization;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Google.Protobuf;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Resources;

/// <summary>Takes the state of one frozen process that is neither memory nor descriptors.</summary>
internal sealed class ProcessCollector(FrozenProcess process, FileIdentities identities, FindingList findings)
{
    private const int IntervalTimers = 3;
    private const long MicrosecondsPerSecond = 1_000_000;
    private const ulong SigsetBytes = 8;

    /// <summary>The image. Precondition: the gate is open, and no injection is.</summary>
    public Process Collect()
    {
        var stat = ProcFs.Stat(process.Id);
        var image = Facts(stat);
        var threads = new ThreadCollector(process, findings);
        image.Threads.Add(threads.Collect(process.Leader, questions => Ask(image, questions)));
        image.Threads.AddRange(process.Threads.Skip(1).Select(thread => threads.Collect(thread)));
        image.PendingSignals.AddRange(ThreadCollector.Pending(process.Leader.Tracee, shared: true));
        var seccomp = new SeccompCollector(image, findings);
        foreach (var (thread, threadImage) in process.Threads.Zip(image.Threads))
        {
            seccomp.Collect(thread.Tracee, threadImage);
        }

        TakeStops(image);
        new PosixTimerCollector(process, findings).Collect(image);
        return image;
    }

    /// <summary>0 where the kernel is too old for the question.</summary>
    private static uint Known(RemoteResult result) => result.IsError ? 0 : (uint)result.Raw;

    private Process Facts(ProcStat stat)
    {
        var link = ProcFs.PathOf(process.Id, "exe");
        var executable = ProcFs.ReadLink(link)!;
        var image = new Process
        {
            Pid = process.Id.Value,
            ParentPid = stat.ParentPid,
            ProcessGroup = stat.ProcessGroup,
            Session = stat.Session,
            ExitSignal = stat.ExitSignal,
            StopSignal = process.Leader.Tracee.GroupStopSignal,
            IsStopped = process.Leader.Tracee.GroupStopSignal != 0,
            Executable = ByteString.CopyFromUtf8(executable),
            ExecutableIdentity = identities.Of(executable, FileStat.Of(link), link),
            WorkingDirectory = ByteString.CopyFromUtf8(ProcFs.ReadLink(ProcFs.PathOf(process.Id, "cwd"))!),
            RootDirectory = ByteString.CopyFromUtf8(ProcFs.ReadLink(ProcFs.PathOf(process.Id, "root"))!),
            Umask = ProcFs.Status(process.Id, process.Leader.Id).Umask ?? throw new EngineException(EngineFailure.Failed, "This kernel does not show the umask (Linux 4.7 does)."),
            Personality = uint.Parse(ProcFs.Text(process.Id, "personality"), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            OomScoreAdj = int.Parse(ProcFs.Text(process.Id, "oom_score_adj"), CultureInfo.InvariantCulture),
        };
        if (process.HasExitedLeader)
        {
            image.ExitedLeader = new ExitedLeader { WaitStatus = stat.ExitCode, Name = ByteString.CopyFrom(stat.CommBytes.Span) };
        }

        if (ProcFs.TryCoreFilter(process.Id) is { } filter)
        {
            image.CoreFilter = filter;
        }

        if (ProcFs.TryLoginId(process.Id) is { } login)
        {
            image.LoginId = login;
        }

        image.Limits.AddRange(ProcFs.Limits(process.Id).Select(limit => new Limit { Resource = (uint)limit.Resource, Soft = limit.Soft, Hard = limit.Hard }));
        return image;
    }

    /// <summary>True where the parent of a stopped process was told of the stop already, or need not be.</summary>
    /// <param name="parent">Its parent; the gate is open, and no injection is.</param>
    /// <param name="child">The process.</param>
    public static bool IsStopReported(FrozenProcess parent, ProcessId child)
    {
        const int Look = WaitOption.WSTOPPED | WaitOption.WNOHANG | WaitOption.WNOWAIT | WaitOption.__WALL;
        var target = parent.Gate!.Value.Data;
        using var injection = parent.Inject(parent.Leader);
        injection.Call(Sys.Waitid, WaitOption.P_PID, (ulong)child.Value, target.Address, Look, 0).OrThrow($"waitid({child}) in process {parent.Id}");
        return parent.Memory.Read<siginfo_child>(target).si_pid != child.Value;
    }

    /// <summary>A SIGSTOP in a queue stops the process as soon as it runs. Where it is stopped already it means nothing: what lets it run, SIGCONT, drops it.</summary>
    private static void TakeStops(Process image)
    {
        var queues = image.Threads.Select(thread => thread.PendingSignals).Append(image.PendingSignals).ToList();
        var stops = queues.SelectMany(queue => queue.Where(IsStop).Select(signal => (queue, signal))).ToList();
        stops.ForEach(stop => stop.queue.Remove(stop.signal));
        if (stops.Count > 0 && !image.IsStopped)
        {
            image.IsStopped = true;
            image.StopSignal = Signal.SIGSTOP;
        }
    }

    private static bool IsStop(PendingSignal signal) => BinaryPrimitives.ReadInt32LittleEndian(signal.Siginfo.Span) == Signal.SIGSTOP;

    private void Ask(Process image, Questions questions)
    {
        AskForActions(image, questions);
        AskForTimers(image, questions);
        questions.Ask("prctl(PR_GET_DUMPABLE)", Sys.Prctl, [Task.PR_GET_DUMPABLE], value => image.Dumpable = (uint)value);
        questions.Ask("prctl(PR_GET_THP_DISABLE)", Sys.Prctl, [Task.PR_GET_THP_DISABLE], value => image.ThpDisabled = value != 0);
        questions.Try("membarrier", Sys.Membarrier, [Membarrier.MEMBARRIER_CMD_GET_REGISTRATIONS, 0, 0], value => image.Membarrier = Known(value));
        questions.Try("prctl(PR_GET_MEMORY_MERGE)", Sys.Prctl, [Task.PR_GET_MEMORY_MERGE, 0, 0, 0, 0], value => image.MemoryMerge = Known(value) != 0);
        questions.AskFor<int>(
            "prctl(PR_GET_CHILD_SUBREAPER)", Sys.Prctl, at => [Task.PR_GET_CHILD_SUBREAPER, at], value => image.ChildSubreaper = value != 0);
    }

    private void AskForActions(Process image, Questions questions)
    {
        var status = ProcFs.Status(process.Id);
        // A default disposition has no other state that could be seen, except SIGCHLD's flags (SA_NOCLDWAIT).
        var special = status.SigIgn | status.SigCgt | (1ul << (Signal.SIGCHLD - 1));
        for (var number = 1; number <= Signal.Max; number++)
        {
            var signal = (uint)number;
            if ((special & (1ul << (number - 1))) == 0)
            {
                continue;
            }

            questions.AskFor<kernel_sigaction>($"rt_sigaction({signal})", Sys.RtSigaction, at => [signal, 0, at, SigsetBytes], action => image.SignalActions.Add(new SignalAction
            {
                Signal = signal,
                Handler = action.handler,
                Flags = action.flags,
                Restorer = action.restorer,
                Mask = action.mask,
            }));
        }
    }

    private static void AskForTimers(Process image, Questions questions)
    {
        for (var timer = 0u; timer < IntervalTimers; timer++)
        {
            var which = timer;
            questions.AskFor<itimerval>("getitimer", Sys.Getitimer, at => [which, at], value => AddTimer(image, which, value));
        }
    }

    private static void AddTimer(Process image, uint which, itimerval timer)
    {
        var remaining = (timer.it_value_sec * MicrosecondsPerSecond) + timer.it_value_usec;
        var interval = (timer.it_interval_sec * MicrosecondsPerSecond) + timer.it_interval_usec;
        // Nothing left but an interval: it has just expired, and the kernel starts it again when the signal is taken.
        if (remaining != 0 || interval != 0)
        {
            image.IntervalTimers.Add(new IntervalTimer { Which = which, RemainingUs = remaining, IntervalUs = interval });
        }
    }
}
