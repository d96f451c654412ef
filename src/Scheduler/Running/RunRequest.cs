using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Running;

/// <summary>What <c>run</c> is to run.</summary>
/// <param name="Name">Name of the job.</param>
/// <param name="MayRestore">True where the name was chosen by the caller: then there may be something to restore.</param>
/// <param name="Command">Program and arguments.</param>
/// <param name="Policy">Its policy as it is remembered.</param>
internal sealed record RunRequest(string Name, bool MayRestore, IReadOnlyList<string> Command, JobPolicy Policy);

/// <summary>How a job that was run ended.</summary>
/// <param name="State">Its state: how it ended, in a word.</param>
/// <param name="ExitCode">Exit code, where it is known.</param>
/// <param name="Signal">Signal that ended it, where it is known.</param>
internal sealed record RunEnd(string State, int? ExitCode, int? Signal);

/// <summary>A job that is run, by the service or without one.</summary>
internal interface IJobRun : IDisposable
{
    /// <summary>Restores the job where there is something to restore, else starts it. Returns the generation that it was restored from; null where it was started.</summary>
    Task<string?> BeginAsync(CancellationToken cancellation);

    /// <summary>Sends the job a signal, where it runs.</summary>
    void Signal(int signal);

    /// <summary>Dumps the job and stops it.</summary>
    Task StopAsync(CancellationToken cancellation);

    /// <summary>Waits for the end of the job, over crashes and recoveries.</summary>
    Task<RunEnd> WaitAsync();
}
