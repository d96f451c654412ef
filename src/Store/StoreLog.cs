using Microsoft.Extensions.Logging;

namespace Checkpointer.Store;

/// <summary>Messages of the store: packs 3000, index 3300, maintenance 3600. Ids are never reused.</summary>
internal static partial class StoreLog
{
    [LoggerMessage(3000, LogLevel.Debug, "Committed {Generation}: {NewBytes} new bytes in {ElapsedMs} ms")]
    public static partial void Committed(this ILogger logger, GenerationName generation, long newBytes, double elapsedMs);

    [LoggerMessage(3001, LogLevel.Warning, "Could not remove what {Generation} left behind; the next writer will")]
    public static partial void LeftOrphans(this ILogger logger, Exception exception, GenerationName generation);

    [LoggerMessage(3300, LogLevel.Warning, "Rebuilt the index {Path} from {Packs} packs: {Generations} generations")]
    public static partial void RebuiltIndex(this ILogger logger, string path, int packs, int generations);

    [LoggerMessage(3301, LogLevel.Warning, "Pack {Pack} cannot be used: {What}")]
    public static partial void UnusablePack(this ILogger logger, string pack, string what);

    [LoggerMessage(3302, LogLevel.Warning, "Left out generation {Generation}: its pack {Pack} is missing")]
    public static partial void IncompleteGeneration(this ILogger logger, GenerationName generation, string pack);

    [LoggerMessage(3303, LogLevel.Warning, "Could not shorten the write-ahead log of {Path}; the next commit will")]
    public static partial void LongLog(this ILogger logger, Exception exception, string path);

    [LoggerMessage(3600, LogLevel.Information, "Removed {Files} files that a dead writer left: {Bytes} bytes")]
    public static partial void Swept(this ILogger logger, int files, long bytes);

    [LoggerMessage(3601, LogLevel.Warning, "Entered {Packs} packs that the index did not know, with {Generations} generations")]
    public static partial void Adopted(this ILogger logger, int packs, int generations);

    [LoggerMessage(3602, LogLevel.Warning, "Could not note in {Path} what verify found")]
    public static partial void ForgotVerify(this ILogger logger, Exception exception, string path);

    [LoggerMessage(3604, LogLevel.Information, "Waits to exchange packs while {Blocker}, {WaitSeconds} s at most")]
    public static partial void WaitsToCollect(this ILogger logger, string blocker, double waitSeconds);

    [LoggerMessage(3605, LogLevel.Information, "Gave {Bytes} bytes of the index {Path} back")]
    public static partial void CompactedIndex(this ILogger logger, long bytes, string path);

    [LoggerMessage(3606, LogLevel.Warning, "Could not give free space of the index {Path} back; the next collection will")]
    public static partial void LooseIndex(this ILogger logger, Exception exception, string path);

    [LoggerMessage(3603, LogLevel.Warning, "Finished a collection that was cut short: {Leaving} packs left the index, {Arriving} came")]
    public static partial void FinishedCollection(this ILogger logger, int leaving, int arriving);
}
