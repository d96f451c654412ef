using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>timerfd_create(2). An absolute time stays that time, of whatever clock; all else goes on with what was left.</summary>
internal sealed class TimerfdKind(Duplicates duplicates) : IFileKind
{
    /// <inheritdoc/>
    public bool Claims(OpenDescriptor descriptor) => descriptor.IsAnonymous("[timerfd]");

    /// <inheritdoc/>
    public string? Describe(OpenDescriptor descriptor, OpenFile image)
    {
        var timer = SpecialFiles.Timerfd(CountTicks(descriptor));
        var isAbsolute = (timer.SetTimeFlags & TimerFile.TFD_TIMER_ABSTIME) != 0;
        image.Kind = OpenFile.Types.Kind.Timerfd;
        image.Timerfd = new Timerfd
        {
            Clock = timer.Clock,
            SetTimeFlags = (uint)timer.SetTimeFlags,
            Ticks = timer.Ticks,
            RemainingNs = timer.RemainingNs,
            IntervalNs = timer.IntervalNs,
            AbsoluteNs = isAbsolute && timer.RemainingNs > 0 ? ClockTime.Now(timer.Clock) + timer.RemainingNs : 0,
        };
        return null;
    }

    /// <summary>The kernel counts the expirations of an interval only when it is asked for the time that is left.</summary>
    private unsafe FdInfo CountTicks(OpenDescriptor descriptor)
    {
        using var duplicate = duplicates.TryTake(descriptor);
        itimerspec left;
        if (duplicate is not null)
        {
            LinuxException.ThrowIfFailed(Libc.timerfd_gettime(duplicate.Number, &left), "timerfd_gettime");
        }

        return ProcFs.TryFdInfo(descriptor.Process, descriptor.Number) ?? descriptor.Info;
    }
}
