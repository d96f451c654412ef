namespace Checkpointer.Engine.Resources;

/// <summary>A negative clock ID: the CPU clock of a process or thread, or a clock behind a descriptor (include/linux/posix-timers.h).</summary>
/// <param name="ClockId">The number.</param>
internal readonly record struct CpuClock(int ClockId)
{
    /// <summary>What timer_create(2) makes of CLOCK_THREAD_CPUTIME_ID: the clock of the thread that called it.</summary>
    public const int OfOwnThread = -2;

    private const int IdShift = 3;
    private const int KindMask = 7;
    private const int DescriptorKind = 3;
    private const int ThreadBit = 4;

    /// <summary>The process or thread; 0 for the caller's own.</summary>
    public int Id => ~(ClockId >> IdShift);

    /// <summary>True for the clock of one thread.</summary>
    public bool IsOfThread => (ClockId & ThreadBit) != 0;

    /// <summary>True for a clock that is a device.</summary>
    public bool IsOfDescriptor => (ClockId & KindMask) == DescriptorKind;
}
