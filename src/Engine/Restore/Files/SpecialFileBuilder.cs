using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Makes files that have no name: eventfd, timerfd, signalfd, epoll, inotify, fanotify, pidfd. Precondition: all processes of the job exist.</summary>
internal static unsafe class SpecialFileBuilder
{
    // The other bits of the flags that /proc shows are not for the calls that make these files.
    private const int MakingFlags = FileFlag.O_NONBLOCK;

    /// <summary>Makes one, in our own process.</summary>
    public static SafeFd Build(OpenFile image) => image.Kind switch
    {
        OpenFile.Types.Kind.Eventfd => Eventfd(image),
        OpenFile.Types.Kind.Timerfd => Timerfd(image),
        OpenFile.Types.Kind.Signalfd => Keep(Libc.signalfd(-1, image.SignalMask, Flags(image)), "signalfd"),
        OpenFile.Types.Kind.Epoll => WithFlags(Keep(Libc.epoll_create1(FileFlag.O_CLOEXEC), "epoll_create1"), image),
        OpenFile.Types.Kind.Inotify => Keep(Libc.inotify_init1(Flags(image)), "inotify_init1"),
        OpenFile.Types.Kind.Fanotify => Fanotify(image),
        _ => throw new EngineException(EngineFailure.BadImage, $"Open file {image.Id} is of kind {image.Kind}, which this version does not know."),
    };

    private static SafeFd Eventfd(OpenFile image)
    {
        var fd = Keep(Libc.eventfd(0, Flags(image) | (image.Eventfd.IsSemaphore ? SpecialFile.EFD_SEMAPHORE : 0)), "eventfd");
        var count = image.Eventfd.Count;
        if (count != 0)
        {
            LinuxException.ThrowIfFailed(Libc.write(fd.Number, (byte*)&count, sizeof(ulong)), $"write of {count} to an eventfd");
        }

        return fd;
    }

    private static SafeFd Timerfd(OpenFile image)
    {
        var timer = image.Timerfd;
        var fd = Keep(Libc.timerfd_create(timer.Clock, Flags(image)), $"timerfd_create({timer.Clock})");
        var isAbsolute = timer.AbsoluteNs != 0;
        var missed = isAbsolute ? Missed(timer, ClockTime.Now(timer.Clock)) : 0;
        var value = new itimerspec
        {
            it_interval = ClockTime.Timespec(timer.IntervalNs),
            it_value = ClockTime.Timespec(isAbsolute ? timer.AbsoluteNs + (missed * timer.IntervalNs) : timer.RemainingNs),
        };
        var flags = isAbsolute ? (int)timer.SetTimeFlags : 0;
        LinuxException.ThrowIfFailed(Libc.timerfd_settime(fd.Number, flags, value, null), "timerfd_settime");
        var ticks = timer.Ticks + (ulong)missed;
        if (ticks != 0)
        {
            LinuxException.ThrowIfFailed(Libc.ioctl(fd.Number, TimerFile.TFD_IOC_SET_TICKS, (nint)(&ticks)), $"ioctl(TFD_IOC_SET_TICKS, {ticks})");
        }

        return fd;
    }

    /// <summary>
    /// Intervals that ended while the job was away. The kernel would count them, but in a time namespace it takes whatever was before the boot of the host for that boot, where most of an outage may
    /// have passed (timens_ktime_to_host, kernel/time/namespace.c).
    /// </summary>
    private static long Missed(Timerfd timer, long now)
        => timer.IntervalNs == 0 || timer.AbsoluteNs > now ? 0 : ((now - timer.AbsoluteNs) / timer.IntervalNs) + 1;

    private static SafeFd Fanotify(OpenFile image)
    {
        // The group remembers whether it was made with FAN_CLOEXEC; its descriptor here must have it in any case.
        var fd = Keep(Libc.fanotify_init(image.Fanotify.Flags, image.Fanotify.EventFlags), "fanotify_init");
        LinuxException.ThrowIfFailed(Libc.fcntl(fd.Number, FileFlag.F_SETFD, 1), "fcntl(F_SETFD)");
        return WithFlags(fd, image);
    }

    private static int Flags(OpenFile image) => ((int)image.Flags & MakingFlags) | FileFlag.O_CLOEXEC;

    private static SafeFd WithFlags(SafeFd fd, OpenFile image)
    {
        LinuxException.ThrowIfFailed(Libc.fcntl(fd.Number, FileFlag.F_SETFL, (int)image.Flags), "fcntl(F_SETFL)");
        return fd;
    }

    private static SafeFd Keep(int number, string what)
    {
        LinuxException.ThrowIfFailed(number, what);
        return new SafeFd(number);
    }
}
