using Microsoft.Extensions.Logging;

namespace Checkpointer.Engine.Restore;

/// <summary>Log messages of a restore, event IDs 2500 to 2799.</summary>
internal static partial class RestoreLog
{
    [LoggerMessage(2500, LogLevel.Information, "Restored the job of process {Pid}: {Processes} processes, {Bytes} bytes of memory")]
    public static partial void Restored(ILogger logger, int pid, int processes, long bytes);

    [LoggerMessage(2501, LogLevel.Warning, "{Property} of the cgroup {Directory}, which was made again, cannot be set to {Value}: {Why}")]
    public static partial void CgroupPropertyLost(ILogger logger, string property, string directory, string value, string why);

    [LoggerMessage(2502, LogLevel.Warning, "The cgroup {Directory}, made for a restore that failed, cannot be removed: {Why}")]
    public static partial void CgroupStays(ILogger logger, string directory, string why);

    [LoggerMessage(2503, LogLevel.Warning, "The login ID of process {Pid} cannot be set to {LoginId}: {Why}")]
    public static partial void LoginLost(ILogger logger, int pid, uint loginId, string why);

    [LoggerMessage(2504, LogLevel.Information, "{What} It was free when the restore began; the job gets a PID namespace of its own")]
    public static partial void PidTakenMeanwhile(ILogger logger, string what);
}
