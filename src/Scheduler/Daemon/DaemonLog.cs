using Microsoft.Extensions.Logging;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>What the service logs.</summary>
internal static partial class DaemonLog
{
    [LoggerMessage(1, LogLevel.Information, "The service of {Store} has begun, PID {Pid}: {Jobs} job(s)")]
    public static partial void Begun(ILogger logger, string store, int pid, int jobs);

    [LoggerMessage(2, LogLevel.Information, "The service of {Store} has ended; jobs run on")]
    public static partial void Ended(ILogger logger, string store);

    [LoggerMessage(3, LogLevel.Information, "Job {Job}: {Kind} (generation {Generation}, PID {Pid}) {Detail}")]
    public static partial void Happened(ILogger logger, string job, string kind, long? generation, int? pid, string detail);

    [LoggerMessage(4, LogLevel.Error, "Job {Job}: the event {Kind} could not be written down")]
    public static partial void EventLost(ILogger logger, Exception failure, string job, string kind);

    [LoggerMessage(5, LogLevel.Error, "Job {Job}: {What} failed")]
    public static partial void Failed(ILogger logger, Exception failure, string job, string what);

    [LoggerMessage(6, LogLevel.Information, "Job {Job}: {Count} generation(s) were forgotten by its policy")]
    public static partial void Forgotten(ILogger logger, string job, int count);

    [LoggerMessage(7, LogLevel.Information, "Upkeep: {Work} was done: {Outcome}, {Detail}")]
    public static partial void UpkeepDone(ILogger logger, string work, string outcome, string detail);

    [LoggerMessage(8, LogLevel.Warning, "What the service remembers, {File}, could not be read or written")]
    public static partial void MemoryLost(ILogger logger, Exception failure, string file);

    [LoggerMessage(9, LogLevel.Warning, "Job {Job}: process {Pid}, left over by the copy that ended, was killed")]
    public static partial void RemnantKilled(ILogger logger, string job, int pid);

    [LoggerMessage(10, LogLevel.Information, "Job {Job}: generation {Generation} is tried in {Delay}")]
    public static partial void WillTry(ILogger logger, string job, long generation, TimeSpan delay);

    [LoggerMessage(11, LogLevel.Warning, "Policies: {Problem}")]
    public static partial void PolicyProblem(ILogger logger, string problem);

    [LoggerMessage(30, LogLevel.Warning, "Job {Job}: the alert '{Message}' could not be told: {Why}")]
    public static partial void AlertLost(ILogger logger, string job, string message, string why);

    [LoggerMessage(31, LogLevel.Information, "The status page is at http://{Address}/?token=... ; the token is in {File}")]
    public static partial void StatusServes(ILogger logger, string address, string file);

    [LoggerMessage(33, LogLevel.Warning, "Job {Job}: the hook after the dump failed: {Why}")]
    public static partial void HookFailed(ILogger logger, string job, string why);

    [LoggerMessage(32, LogLevel.Warning, "What the service tells of itself could not be found out")]
    public static partial void NotReported(ILogger logger, Exception failure);
}
