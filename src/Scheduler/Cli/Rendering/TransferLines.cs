namespace Checkpointer.Scheduler.Cli.Rendering;

/// <summary>Result of <c>export</c>.</summary>
internal sealed record ExportLine(string Generation, string File, long Bytes, long Chunks, long DurationMs);

/// <summary>Result of <c>import</c>.</summary>
internal sealed record ImportLine(string Generation, string Source, long Bytes, long Chunks, long NewBytes, long DurationMs);
