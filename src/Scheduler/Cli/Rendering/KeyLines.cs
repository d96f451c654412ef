namespace Checkpointer.Scheduler.Cli.Rendering;

/// <summary>Result of <c>init</c>.</summary>
internal sealed record InitLine(string Store, bool Encrypted);

/// <summary>Result of <c>key new</c>.</summary>
internal sealed record KeyFileLine(string File);

/// <summary>A key of an encrypted store.</summary>
internal sealed record KeyLine(string Key, string Label, DateTimeOffset AddedAt, string Derivation, int Iterations);
