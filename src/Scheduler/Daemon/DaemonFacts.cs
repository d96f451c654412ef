namespace Checkpointer.Scheduler.Daemon;

/// <summary>What does not change while the service runs.</summary>
/// <param name="Socket">Path of its control socket.</param>
/// <param name="StartedAt">When it began.</param>
internal sealed record DaemonFacts(string Socket, DateTimeOffset StartedAt);
