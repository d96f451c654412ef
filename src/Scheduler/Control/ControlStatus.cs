using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli;
using Checkpointer.Store;
using Microsoft.AspNetCore.Http;

namespace Checkpointer.Scheduler.Control;

/// <summary>HTTP status of failures. The body says more, the exit code among it.</summary>
internal static class ControlStatus
{
    /// <summary>For a failure and its exit code.</summary>
    public static int Of(Exception failure, int exitCode) => failure switch
    {
        BadHttpRequestException => StatusCodes.Status400BadRequest,
        StoreException { Reason: StoreFailure.NotFound } or EngineException { Reason: EngineFailure.NoSuchProcess } => StatusCodes.Status404NotFound,
        UnauthorizedAccessException or EngineException { Reason: EngineFailure.NotPermitted } => StatusCodes.Status403Forbidden,
        StoreException { Reason: StoreFailure.AlreadyExists or StoreFailure.Locked } => StatusCodes.Status409Conflict,
        SchedulerException { Reason: SchedulerFailure.Running or SchedulerFailure.NotRunning } => StatusCodes.Status409Conflict,
        _ when exitCode == ExitCode.Refused => StatusCodes.Status422UnprocessableEntity,
        _ when exitCode == ExitCode.NothingToRestore => StatusCodes.Status404NotFound,
        _ when exitCode is ExitCode.TryLater or ExitCode.Cancelled => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };
}
