using Microsoft.Extensions.Logging;

namespace Checkpointer.Engine.Dump;

/// <summary>Log messages of a dump, event IDs 2000 to 2499.</summary>
internal static partial class DumpLog
{
    [LoggerMessage(2000, LogLevel.Information, "Froze and thawed the job of process {Pid}: {Processes} processes, {Threads} threads, {FreezeMs} ms")]
    public static partial void Thawed(ILogger logger, int pid, int processes, int threads, double freezeMs);

    [LoggerMessage(2001, LogLevel.Trace, "Step: {Step}")]
    public static partial void Step(ILogger logger, string step);
}
