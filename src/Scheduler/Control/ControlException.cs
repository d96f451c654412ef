using Checkpointer.Scheduler.Cli;
using Checkpointer.Scheduler.Cli.Rendering;

namespace Checkpointer.Scheduler.Control;

/// <summary>A failure that the service told: told on as it is.</summary>
internal sealed class ControlException(ErrorLine error) : Exception(error.Error)
{
    /// <summary>The sentence, the hint and the exit code.</summary>
    public ErrorLine Error { get; } = error;

    /// <summary>True where the same may go well the next time.</summary>
    public bool MayPass => Error.ExitCode is ExitCode.Failed or ExitCode.Locked or ExitCode.TryLater;
}
