using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>timerfd_create(2). An absolute time stays that time, of whatever clock; all else goes on with what was left.</summary>
internal sealed class TimerfdKind(Duplicates duplicates) : IFileKind
{
    // An interval of a few microseconds may end before the kernel has told what is left of it; of a timer that is not armed, nothing ever is.
    private const int Looks = 32;

    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.IsAnonymous("[timerfd]");

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        var timer = Settled(descriptor, out var now);
        var isAbsolute = (timer.SetTimeFlags & TimerFile.TFD_TIMER_ABSTIME) != 0;
        image.Kind = OpenFile.Types.Kind.Timerfd;
        image.Timerfd = new Timerfd
        {
            Clock = timer.Clock,
            SetTimeFlags = (uint)timer.SetTimeFlags,
            Ticks = timer.Ticks,
            RemainingNs = timer.RemainingNs,
            IntervalNs = timer.IntervalNs,
            AbsoluteNs = isAbsolute && timer.RemainingNs > 0 ? now + timer.RemainingNs : 0,
        };
        return null;
    }

    /// <summary>
    /// The timer with all expirations counted. The kernel counts those of an interval when it is asked for the time that is left, and shows the count only afterwards: one that expired in between is in
    /// the count, and no time is left of it, as of a timer that is not armed.
    /// </summary>
    private unsafe TimerfdInfo Settled(OpenDescriptor descriptor, out long now)
    {
        using var duplicate = duplicates.TryTake(descriptor);
        var clock = SpecialFiles.Timerfd(descriptor.Info).Clock;
        itimerspec left = default;
        now = 0;
        for (var look = 0; look < Looks && duplicate is not null; look++)
        {
            now = ClockTime.Now(clock);
            LinuxException.ThrowIfFailed(Libc.timerfd_gettime(duplicate.Number, &left), "timerfd_gettime");
            if (ClockTime.Nanoseconds(left.it_value) != 0 || ClockTime.Nanoseconds(left.it_interval) == 0)
            {
                break;
            }
        }

        var timer = SpecialFiles.Timerfd(ProcFs.TryFdInfo(descriptor.Process, descriptor.Number) ?? descriptor.Info);
        var remaining = ClockTime.Nanoseconds(left.it_value);
        now = remaining == 0 ? ClockTime.Now(clock) : now;
        var hasExpired = timer.RemainingNs == 0;
        return remaining == 0 || (hasExpired && timer.IntervalNs == 0) ? timer : timer with { RemainingNs = hasExpired ? remaining + timer.IntervalNs : remaining };
    }
}
