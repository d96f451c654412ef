using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Restore;

/// <summary>Makes the timers of timer_create(2) again, with their IDs, and starts them: each has the time left that it had.</summary>
internal sealed class PosixTimerBuilder(RestoredProcess process)
{
    // Before Linux 6.15 IDs can only be counted up to; a call takes some 10 us.
    private const int IdMax = 50_000;
    private const ulong IdAt = 64;
    private const ulong TimesAt = 128;

    // What the kernel gives next where it counts.
    private int _nextId;

    /// <summary>Makes them all. Precondition: threads exist, handlers are set: a signal that is ignored stops its timer.</summary>
    public void Make()
    {
        var timers = process.Images.Process.PosixTimers;
        if (timers.Count == 0)
        {
            return;
        }

        var canChoose = ChooseIds(true);
        foreach (var timer in timers)
        {
            if (!canChoose)
            {
                SkipTo(timer.Id);
            }

            Create(timer, EventOf(timer), ThreadOf(timer));
        }

        if (canChoose)
        {
            _ = ChooseIds(false);
        }

        // All of them exist before one is started: what it does may depend on another.
        foreach (var timer in timers.Where(timer => timer.RemainingNs != 0 || timer.IntervalNs != 0 || timer.IsQueued))
        {
            Start(timer);
        }
    }

    /// <summary>Has timer_create take the ID from its caller, Linux 6.15; false where the kernel cannot.</summary>
    private bool ChooseIds(bool chooses)
    {
        using var injection = process.Inject(process.Leader);
        return !injection.Call(Sys.Prctl, Task.PR_TIMER_CREATE_RESTORE_IDS, chooses ? 1ul : 0ul, 0, 0, 0).IsError;
    }

    /// <summary>Uses up the IDs below: the kernel counts them up and gives none twice.</summary>
    private void SkipTo(int id)
    {
        if (id > IdMax)
        {
            throw new EngineException(
                EngineFailure.Failed, $"A POSIX timer of process {process.Id} has the ID {id}, which this kernel does not give again.", "restore on Linux 6.15 or newer");
        }

        while (_nextId < id)
        {
            var made = Create(Clock.CLOCK_MONOTONIC, new sigevent { sigev_notify = Signal.SIGEV_NONE }, 0, process.Leader);
            process.Call($"timer_delete({made})", Sys.TimerDelete, (ulong)made);
        }
    }

    private void Create(PosixTimer timer, in sigevent told, Tracee thread)
    {
        var made = Create(timer.Clock, told, timer.Id, thread);
        if (made != timer.Id)
        {
            throw new EngineException(EngineFailure.Failed, $"POSIX timer {timer.Id} of process {process.Id} was given the ID {made}.");
        }
    }

    private int Create(int clock, in sigevent told, int id, Tracee thread)
    {
        process.Memory.Write(process.Arguments, told);
        process.Memory.Write(process.Arguments + IdAt, id);
        using var injection = process.Inject(thread);
        injection.Call(Sys.TimerCreate, unchecked((ulong)(long)clock), process.Arguments.Address, (process.Arguments + IdAt).Address)
            .OrThrow($"timer_create on clock {clock} in process {process.Id}");
        var made = process.Memory.Read<int>(process.Arguments + IdAt);
        _nextId = made + 1;
        return made;
    }

    /// <summary>A thread that has ended is told nothing any more.</summary>
    private sigevent EventOf(PosixTimer timer)
    {
        var isForThread = timer.Thread != 0;
        var isLost = isForThread && process.Threads.All(thread => thread.Thread.Value != timer.Thread);
        return new sigevent
        {
            sigev_value = timer.Value,
            sigev_signo = timer.Signal,
            sigev_notify = isLost ? Signal.SIGEV_NONE : timer.Notify | (isForThread ? Signal.SIGEV_THREAD_ID : 0),
            sigev_notify_thread_id = timer.Thread,
        };
    }

    private Tracee ThreadOf(PosixTimer timer) =>
        timer.Clock == CpuClock.OfOwnThread ? process.Threads.First(thread => thread.Thread.Value == timer.ClockThread) : process.Leader;

    private void Start(PosixTimer timer)
    {
        using var injection = process.Inject(ThreadOf(timer));
        var (first, flags) = timer.IsQueued ? (LastExpiry(timer, injection), (ulong)Clock.TIMER_ABSTIME) : (timer.RemainingNs != 0 ? timer.RemainingNs : timer.IntervalNs, 0ul);
        process.Memory.Write(process.Arguments + TimesAt, new itimerspec
        {
            it_value = ClockTime.Timespec(first),
            it_interval = ClockTime.Timespec(timer.IntervalNs),
        });
        injection.Call(Sys.TimerSettime, (ulong)timer.Id, flags, (process.Arguments + TimesAt).Address, 0)
            .OrThrow($"timer_settime({timer.Id}) in process {process.Id}");
    }

    /// <summary>
    /// A moment in the past, on the timer's clock, from which the intervals lead to where it stood: started there it queues its signal at once. CPU time begins
    /// anew with a restore, so there is no such moment on its clocks, and any will do.
    /// </summary>
    private long LastExpiry(PosixTimer timer, SyscallInjection injection)
    {
        if (timer.Clock < 0 || timer.RemainingNs == 0)
        {
            return 1;
        }

        injection.Call(Sys.ClockGettime, (ulong)timer.Clock, (process.Arguments + TimesAt).Address).OrThrow($"clock_gettime({timer.Clock}) in process {process.Id}");
        var now = process.Memory.Read<timespec>(process.Arguments + TimesAt);
        return Math.Max(1, ClockTime.Nanoseconds(now) + timer.RemainingNs - timer.IntervalNs);
    }
}
