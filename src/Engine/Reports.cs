using Checkpointer.Engine.Support;

namespace Checkpointer.Engine;

/// <summary>What a dump did. All durations and sizes are measured, none estimated.</summary>
/// <param name="Root">The job's root as it was.</param>
/// <param name="Kind"><c>full</c> or <c>incremental</c>.</param>
/// <param name="Tracker">Tracker that found the changed pages: <c>compare</c>.</param>
/// <param name="Capture">How pages were taken: <c>copy</c>.</param>
/// <param name="FreezeTime">From the first interrupted thread to the last thawed one.</param>
/// <param name="CloneTime">The part of it that the kernel's clone(2) took; zero without clones.</param>
/// <param name="Processes">Processes dumped.</param>
/// <param name="Threads">Threads dumped.</param>
/// <param name="PopulatedBytes">Bytes of memory that the job owns.</param>
/// <param name="DirtyBytes">Bytes of memory that were handed to the sink.</param>
/// <param name="Notes">State carried with a difference.</param>
public sealed record DumpReport(
    ProcessIdentity Root,
    string Kind,
    string Tracker,
    string Capture,
    TimeSpan FreezeTime,
    TimeSpan CloneTime,
    int Processes,
    int Threads,
    long PopulatedBytes,
    long DirtyBytes,
    IReadOnlyList<Finding> Notes);

/// <summary>A file of the outside world that a restore changed, or found different.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="What">What was done or found, a sentence.</param>
/// <param name="RolledBack">True where the file was put back, false where it is only reported.</param>
/// <param name="Action">One stable word for programs: <c>cut</c>, <c>rewritten</c>, <c>recreated</c>, <c>metadata</c>, <c>different</c>.</param>
/// <param name="Bytes">Bytes that were written or cut off.</param>
public sealed record FileChange(string Path, string What, bool RolledBack, string Action = "different", long Bytes = 0);

/// <summary>What a restore did.</summary>
/// <param name="Root">The restored root process.</param>
/// <param name="Processes">Processes restored.</param>
/// <param name="Threads">Threads restored.</param>
/// <param name="RestoredBytes">Bytes of memory written.</param>
/// <param name="Files">Files put back or found different.</param>
/// <param name="Warnings">What of the generation could not be made as it says, a sentence each.</param>
public sealed record RestoreReport(
    ProcessIdentity Root, int Processes, int Threads, long RestoredBytes, IReadOnlyList<FileChange> Files, IReadOnlyList<string> Warnings)
{
    /// <summary>Namespaces that were made for the job: <c>pid</c>, <c>time</c>.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];
}

/// <summary>State of one thing that the host must be able to do.</summary>
public enum CapabilityState
{
    /// <summary>Works; it was tried.</summary>
    Works,

    /// <summary>Missing, but something slower or smaller takes its place.</summary>
    Degraded,

    /// <summary>Missing, and dumps or restores fail without it.</summary>
    Missing,
}

/// <summary>One line of <c>doctor</c>.</summary>
/// <param name="Name">Short name, such as <c>ptrace</c>.</param>
/// <param name="State">Whether it works.</param>
/// <param name="Detail">What was tried and seen.</param>
/// <param name="Remedy">How to mend it; null where it works.</param>
public sealed record HostCapability(string Name, CapabilityState State, string Detail, string? Remedy);
