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

    /// <summary>Most memory, in bytes, that a dump copies aside while the job is frozen. More is read from a clone; without one, what is over is
    /// handed to the sink with the job still frozen. Defaults to 256 MiB, and never more than half of MemAvailable is used.</summary>
    [Range(0L, 1L << 44)]
    public long CopyBudgetBytes { get; set; } = 256L << 20;

    /// <summary>How pages are taken inside the freeze. Defaults to <see cref="CaptureChoice.Auto"/>.</summary>
    public CaptureChoice Capture { get; set; }

    /// <summary>Which cgroups a restored job is put into. Defaults to <see cref="CgroupChoice.Here"/>.</summary>
    public CgroupChoice Cgroups { get; set; }

    /// <summary>When a job is restored into a PID namespace of its own. Defaults to <see cref="PidNamespaceChoice.WhenTaken"/>.</summary>
    public PidNamespaceChoice PidNamespace { get; set; }

    /// <summary>When a job is restored into a time namespace. Defaults to <see cref="TimeNamespaceChoice.WhenNeeded"/>.</summary>
    public TimeNamespaceChoice TimeNamespace { get; set; }

    /// <summary>Whether changed pages are taken ahead of the freeze, while the job runs, so that few are left for it. Never done where memory may be
    /// written past the tracker (jobs of several processes, files open with O_DIRECT). Defaults to true.</summary>
    public bool Precopy { get; set; } = true;

    /// <summary>Whether write-protect tracking is used where the kernel has it. Defaults to true.</summary>
    public bool WriteProtect { get; set; } = true;

    /// <summary>Nice level of the threads that read, hash, compress and write beside the job, 0 to 19. Defaults to 10.</summary>
    [Range(0, 19)]
    public int Nice { get; set; } = 10;

    /// <summary>Most bytes per second, memory and files together, that a dump takes beside the job; 0 for as fast as it goes, at most 1 TiB. Inside the freeze
    /// nothing waits. Defaults to 0.</summary>
    [Range(0L, 1L << 40)]
    public long BytesPerSecond { get; set; }

    /// <summary>The same, with what the dumps of one job may use.</summary>
    internal EngineOptions With(DumpLimits limits)
    {
        var other = (EngineOptions)MemberwiseClone();
        (other.Nice, other.BytesPerSecond) = (limits.Nice ?? Nice, limits.BytesPerSecond ?? BytesPerSecond);
        return other;
    }

    /// <summary>The same, with other namespaces for what is restored.</summary>
    internal EngineOptions With(PidNamespaceChoice pids, TimeNamespaceChoice clocks)
    {
        var other = (EngineOptions)MemberwiseClone();
        (other.PidNamespace, other.TimeNamespace) = (pids, clocks);
        return other;
    }
}
