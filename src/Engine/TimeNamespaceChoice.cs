namespace Checkpointer.Engine;

/// <summary>When a job is restored into a time namespace, in which CLOCK_MONOTONIC and CLOCK_BOOTTIME go on from where they were.</summary>
public enum TimeNamespaceChoice
{
    /// <summary>Where the host's clocks are others than those that the job knows: after a reboot, on another host.</summary>
    WhenNeeded,

    /// <summary>Never: the job sees the host's clocks.</summary>
    Never,
}
