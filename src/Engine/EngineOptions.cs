using System.ComponentModel.DataAnnotations;

namespace Checkpointer.Engine;

/// <summary>Limits of the engine, configuration section <c>Engine</c>.</summary>
public sealed class EngineOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Engine";

    /// <summary>Longest wait for all threads of a job to stop. A thread in uninterruptible sleep (a hung network file
    /// system) never stops; then the job is thawed and the dump fails. Defaults to 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan FreezeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait for one injected system call. Cloning a very large job takes about 20 ms per GiB.
    /// Defaults to 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan SyscallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait for a PID that a dead process still holds: init of some systems reaps orphans only after
    /// about 2 s. Defaults to 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan PidReleaseTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Most memory, in bytes, that a dump copies aside while the job is frozen; what is over is handed to the
    /// sink with the job still frozen. Defaults to 4 GiB, and never more than half of MemAvailable is used.</summary>
    [Range(0L, 1L << 44)]
    public long CopyBudgetBytes { get; set; } = 4L << 30;
}
