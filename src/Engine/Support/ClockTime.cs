using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>Clocks of the kernel, in ns.</summary>
internal static class ClockTime
{
    /// <summary>Nanoseconds of a second.</summary>
    public const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>What a clock shows (clock_gettime(2)).</summary>
    public static long Now(int clock)
    {
        LinuxException.ThrowIfFailed(Libc.clock_gettime(clock, out var time), $"clock_gettime({clock})");
        return Nanoseconds(time);
    }

    /// <summary>A struct timespec in ns.</summary>
    public static long Nanoseconds(in timespec time) => (time.tv_sec * NanosecondsPerSecond) + time.tv_nsec;

    /// <summary>The same as struct timespec.</summary>
    public static timespec Timespec(long nanoseconds) =>
        new() { tv_sec = nanoseconds / NanosecondsPerSecond, tv_nsec = nanoseconds % NanosecondsPerSecond };
}
