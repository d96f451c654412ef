using Microsoft.Extensions.Logging;

namespace Checkpointer.Engine.Restore;

/// <summary>Log messages of a restore, event IDs 2500 to 2799.</summary>
internal static partial class RestoreLog
{
    [LoggerMessage(2500, LogLevel.Information, "Restored the job of process {Pid}: {Processes} processes, {Bytes} bytes of memory")]
    public static partial void Restored(ILogger logger, int pid, int processes, long bytes);
}
