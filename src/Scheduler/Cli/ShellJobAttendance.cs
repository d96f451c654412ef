using System.CommandLine;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Recovery;

namespace Checkpointer.Scheduler.Cli;

/// <summary>What <c>--shell-job</c> adds to a restore: the terminal for the job, and the wait for its end.</summary>
internal sealed class ShellJobAttendance : IDisposable
{
    /// <summary>Takes the terminal where the option was given.</summary>
    /// <exception cref="EngineException">There is none.</exception>
    public ShellJobAttendance(bool isWanted)
    {
        Terminal = isWanted ? CallerTerminal.Open() : null;
    }

    /// <summary>The terminal; null without the option.</summary>
    public CallerTerminal? Terminal { get; }

    /// <summary><c>--shell-job</c> of verbs that restore.</summary>
    public static Option<bool> Option() => new("--shell-job")
    {
        Description = "The job goes on in this terminal, in the foreground, and the verb ends with its exit code. For generations taken with --shell-job.",
    };

    /// <summary>Waits for the end of a restored job, the store being closed. Null where there is nothing to wait for.</summary>
    public int? Attend(RecoveryOutcome outcome, CancellationToken cancellation)
        => Terminal is not null && outcome.Restored is { } restored ? Terminal.Attend(restored.Report.Root, cancellation) : null;

    /// <inheritdoc/>
    public void Dispose() => Terminal?.Dispose();
}
