using Checkpointer.Engine;
using Checkpointer.Engine.Support;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>What a job does, as the service sees it.</summary>
/// <param name="Word">One of the words below, or how it ended (<see cref="Jobs.EventKind"/>).</param>
/// <param name="Root">Its root process where it runs.</param>
/// <param name="NextDump">When its next dump is due; null for never.</param>
/// <param name="RetryAt">When its recovery is tried again; null for never.</param>
/// <param name="LastEnd">How it ended last; null where it did not, or before this service began.</param>
internal sealed record CareState(string Word, ProcessIdentity? Root, DateTimeOffset? NextDump, DateTimeOffset? RetryAt, ProcessEnd? LastEnd)
{
    /// <summary>It runs.</summary>
    public const string Running = "running";

    /// <summary>It runs, and is let be.</summary>
    public const string Paused = "paused";

    /// <summary>It does not run, and nobody asked for that.</summary>
    public const string Gone = "gone";

    /// <summary>It is being restored.</summary>
    public const string Recovering = "recovering";

    /// <summary>It is restored later.</summary>
    public const string Waiting = "waiting";

    /// <summary>Not looked at yet, or not registered.</summary>
    public static CareState Unknown { get; } = new("unknown", null, null, null, null);
}
