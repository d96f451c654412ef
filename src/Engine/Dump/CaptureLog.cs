using Microsoft.Extensions.Logging;

namespace Checkpointer.Engine.Dump;

/// <summary>Log messages of taking pages, event IDs 2500 to 2599.</summary>
internal static partial class CaptureLog
{
    [LoggerMessage(2500, LogLevel.Warning, "Process {Pid} could not be cloned ({Reason}); its pages are copied while it stands still")]
    public static partial void NoClone(ILogger logger, int pid, string reason);

    [LoggerMessage(2501, LogLevel.Warning, "{BytesOver} bytes are over the copy budget of {BudgetBytes} and are stored with the job standing still; see Engine:CopyBudgetBytes")]
    public static partial void OverBudget(ILogger logger, long bytesOver, long budgetBytes);
}
