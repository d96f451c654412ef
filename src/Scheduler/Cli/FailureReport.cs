using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Control;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary>Turns an exception into what people and programs are told.</summary>
internal static class FailureReport
{
    /// <summary>The sentence, the hint and the exit code of a failure.</summary>
    public static ErrorLine From(Exception failure)
    {
        int code = ExitCode.From(failure);
        return failure switch
        {
            UnsupportedResourceException refused => new ErrorLine(
                "refused: the job has state that is not carried; it was not touched",
                refused.Hint,
                code,
                [.. refused.Findings.Select(FindingLine.From)]),
            ControlException told => told.Error,
            EngineException engine => new ErrorLine(engine.Message, engine.Hint, code, []),
            StoreException store => new ErrorLine(store.Message, store.Hint, code, []),
            SchedulerException scheduler => new ErrorLine(scheduler.Message, scheduler.Hint, code, []),
            OperationCanceledException => new ErrorLine("cancelled", null, code, []),
            IOException or UnauthorizedAccessException => new ErrorLine(failure.Message, null, code, []),
            _ => new ErrorLine(
                $"unexpected {failure.GetType().Name}: {failure.Message}",
                "this is a defect; run again with --verbose and report what it prints",
                code,
                []),
        };
    }
}
