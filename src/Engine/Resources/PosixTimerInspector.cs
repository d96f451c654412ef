using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Refuses timers of timer_create(2) on clocks that a restore could not name. Touches nothing.</summary>
internal static class PosixTimerInspector
{
    private static readonly int[] _clocks =
        [Clock.CLOCK_REALTIME, Clock.CLOCK_MONOTONIC, Clock.CLOCK_BOOTTIME, Clock.CLOCK_REALTIME_ALARM, Clock.CLOCK_BOOTTIME_ALARM, Clock.CLOCK_TAI];

    /// <summary>Inspects the timers of one process.</summary>
    /// <param name="process">The process.</param>
    /// <param name="job">All live processes of the job.</param>
    /// <param name="findings">Told what is refused.</param>
    public static void Inspect(ProcessId process, IReadOnlySet<int> job, FindingList findings)
    {
        foreach (var timer in ProcFs.TryTimers(process) ?? [])
        {
            if (WhyRefused(process, timer.ClockId, job) is { } reason)
            {
                findings.Refuse(process, "timer", $"Process {process} has a POSIX timer (timer_create, ID {timer.Id}) on {reason}; that is not carried.");
            }
        }
    }

    private static string? WhyRefused(ProcessId process, int clockId, IReadOnlySet<int> job)
    {
        if (clockId >= 0)
        {
            return _clocks.Contains(clockId) ? null : $"clock {clockId}";
        }

        var clock = new CpuClock(clockId);
        if (clock.IsOfDescriptor)
        {
            return "a clock device";
        }

        if (clock.Id == 0)
        {
            return null;
        }

        if (clock.IsOfThread)
        {
            return (ProcFs.TryThreads(process) ?? []).Contains(new ThreadId(clock.Id)) ? null : $"the CPU time of thread {clock.Id}, which has ended";
        }

        return job.Contains(clock.Id) ? null : $"the CPU time of process {clock.Id}, which is not in the job";
    }
}
