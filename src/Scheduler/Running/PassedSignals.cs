using System.Runtime.InteropServices;
using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Running;

/// <summary>
/// What becomes of signals to <c>run</c>: they go to the job. Where its policy says so, SIGTERM, with which a batch system announces the end of the time, dumps and stops it
/// instead; where that does not succeed in time, SIGTERM goes to the job after all.
/// </summary>
internal sealed class PassedSignals(IJobRun run, EventPolicy events, TimeProvider time, Action<Exception> notDumped)
{
    private int _isStopping;

    /// <summary>Takes one; called on the runtime's signal thread.</summary>
    public void Receive(PosixSignal signal)
    {
        if (signal == PosixSignal.SIGTERM && events.OnTerminate && Interlocked.Exchange(ref _isStopping, 1) == 0)
        {
            _ = Task.Run(StopAsync);
            return;
        }

        run.Signal(NumberOf(signal));
    }

    private static int NumberOf(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => 1,
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGQUIT => 3,
        PosixSignal.SIGTERM => 15,
        _ => (int)signal,
    };

    private async Task StopAsync()
    {
        try
        {
            using var late = new CancellationTokenSource(events.Grace, time);
            await run.StopAsync(late.Token);
        }
#pragma warning disable CA1031 // Whatever kept the job from being dumped, it must still hear that its time is up.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            notDumped(failure);
            run.Signal(NumberOf(PosixSignal.SIGTERM));
        }
    }
}
