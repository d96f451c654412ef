namespace Checkpointer.Engine;

/// <summary>When a job is restored into a PID namespace of its own, in which its PIDs are free whatever the host has given them to.</summary>
public enum PidNamespaceChoice
{
    /// <summary>Where a PID or TID that it needs is taken.</summary>
    WhenTaken,

    /// <summary>Never: where one is taken, the restore is refused.</summary>
    Refuse,

    /// <summary>Always.</summary>
    Always,
}
