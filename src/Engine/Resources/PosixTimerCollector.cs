using System.Buffers.Binary;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Google.Protobuf.Collections;
using PosixTimer = Checkpointer.Engine.Images.PosixTimer;

namespace Checkpointer.Engine.Resources;

/// <summary>Takes the timers of timer_create(2) of one frozen process.</summary>
internal sealed class PosixTimerCollector(FrozenProcess process, FindingList findings)
{
    private const int CodeOffset = 8;     // si_code of struct siginfo
    private const int TimerIdOffset = 16; // si_tid

    /// <summary>Adds the timers to the image, whose pending signals are complete. Precondition: the gate is open, and no injection is.</summary>
    public void Collect(Process image)
    {
        var timers = ProcFs.Timers(process.Id);
        if (timers.Count == 0)
        {
            return;
        }

        using (var injection = process.Inject(process.Leader))
        {
            image.PosixTimers.AddRange(timers.OrderBy(timer => timer.Id).Select(timer => ImageOf(timer, injection)));
        }

        foreach (var timer in image.PosixTimers)
        {
            timer.ClockThread = timer.Clock == CpuClock.OfOwnThread ? ThreadOf(timer) : 0;
            TakeFromQueues(timer, image);
        }
    }

    private PosixTimer ImageOf(Proc.PosixTimer timer, SyscallInjection injection)
    {
        var times = TimesOf(timer.Id, injection);
        return new PosixTimer
        {
            Id = timer.Id,
            Clock = timer.ClockId,
            Notify = timer.Notify switch
            {
                TimerNotify.Signal => 0,
                TimerNotify.None => Signal.SIGEV_NONE,
                _ => Signal.SIGEV_THREAD,
            },
            Signal = timer.Signal,
            Value = timer.Value,
            Thread = timer.IsThreadTarget ? timer.Target : 0,
            RemainingNs = ClockTime.Nanoseconds(times.it_value),
            IntervalNs = ClockTime.Nanoseconds(times.it_interval),
        };
    }

    private itimerspec TimesOf(int timer, SyscallInjection injection)
    {
        var target = process.Gate!.Value.Data;
        injection.Call(Sys.TimerGettime, (ulong)timer, target.Address).OrThrow($"timer_gettime({timer}) in process {process.Id}");
        return process.Memory.Read<itimerspec>(target);
    }

    /// <summary>
    /// The thread whose CPU time a timer counts. The kernel does not say, but the timer comes nearer between two calls that the thread itself makes, and
    /// stands still while another makes them.
    /// </summary>
    private int ThreadOf(PosixTimer timer)
    {
        if (process.Threads.Count == 1)
        {
            return process.Leader.Id.Value;
        }

        foreach (var thread in process.Threads)
        {
            using var injection = process.Inject(thread);
            var first = TimesOf(timer.Id, injection);
            var second = TimesOf(timer.Id, injection);
            if (ClockTime.Nanoseconds(first.it_value) != ClockTime.Nanoseconds(second.it_value))
            {
                return thread.Id.Value;
            }
        }

        // Not armed. Who is told by it is who has made it, in all known uses.
        if (process.Threads.Any(thread => thread.Id.Value == timer.Thread))
        {
            return timer.Thread;
        }

        findings.Refuse(
            process.Id, "timer",
            $"Process {process.Id} has a POSIX timer (timer_create, ID {timer.Id}) on the CPU time of a thread that cannot be told; that is not carried.");
        return process.Leader.Id.Value;
    }

    /// <summary>A signal that a timer has queued is queued again by the timer, because it counts what it misses meanwhile and starts anew when it is taken.</summary>
    private static void TakeFromQueues(PosixTimer timer, Process image)
    {
        timer.IsQueued = TakeFrom(image.PendingSignals, timer);
        foreach (var thread in image.Threads)
        {
            timer.IsQueued |= TakeFrom(thread.PendingSignals, timer);
        }
    }

    private static bool TakeFrom(RepeatedField<PendingSignal> queue, PosixTimer timer)
    {
        var own = queue.FirstOrDefault(signal =>
            BinaryPrimitives.ReadInt32LittleEndian(signal.Siginfo.Span) == timer.Signal
            && BinaryPrimitives.ReadInt32LittleEndian(signal.Siginfo.Span[CodeOffset..]) == Signal.SI_TIMER
            && BinaryPrimitives.ReadInt32LittleEndian(signal.Siginfo.Span[TimerIdOffset..]) == timer.Id);
        return own is not null && queue.Remove(own);
    }
}
