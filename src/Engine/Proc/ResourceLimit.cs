namespace Checkpointer.Engine.Proc;

/// <summary>One line of /proc/PID/limits.</summary>
/// <param name="Resource">RLIMIT_* number of include/uapi/asm-generic/resource.h, as x86-64 and arm64 have it.</param>
/// <param name="Soft">Soft limit in the units of getrlimit(2); <see cref="Unlimited"/> is RLIM_INFINITY.</param>
/// <param name="Hard">Hard limit.</param>
internal readonly record struct ResourceLimit(int Resource, ulong Soft, ulong Hard)
{
    /// <summary>RLIM_INFINITY.</summary>
    public const ulong Unlimited = ulong.MaxValue;
}
