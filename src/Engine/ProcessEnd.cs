namespace Checkpointer.Engine;

/// <summary>How a process ended, as far as the kernel tells: by exit, by a signal, or neither is known.</summary>
/// <param name="ExitCode">What it gave to exit; null where a signal ended it, or nobody knows.</param>
/// <param name="Signal">The signal that ended it; null where it exited, or nobody knows.</param>
public readonly record struct ProcessEnd(int? ExitCode, int? Signal)
{
    /// <summary>It is gone, and that is all.</summary>
    public static ProcessEnd Unknown => default;

    /// <summary>True where the kernel told.</summary>
    public bool IsKnown => ExitCode is not null || Signal is not null;
}
