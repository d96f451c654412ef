using Checkpointer.Engine;
using Checkpointer.Scheduler.Control;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Jobs;

/// <summary>How a series of dumps ended, unless it was cancelled or failed for good.</summary>
/// <param name="Generations">Generations that were committed.</param>
/// <param name="Failures">Dumps that failed for a passing reason.</param>
/// <param name="LastFailure">Failure of the last dump; null where it succeeded.</param>
/// <param name="JobEnded">True where the job ended before the last dump that was asked for.</param>
internal sealed record SeriesEnd(int Generations, int Failures, Exception? LastFailure, bool JobEnded);

/// <summary>What a series dumps: a job, here or by the service.</summary>
internal interface ISeriesTarget
{
    /// <summary>True until the job has ended.</summary>
    bool IsRunning { get; }

    /// <summary>Takes one generation, and tells of it.</summary>
    /// <param name="expectedBytes">As of <see cref="JobDumper.Dump"/>.</param>
    /// <param name="stops">The job is stopped after it.</param>
    /// <param name="cancellation">Cancels.</param>
    void Dump(long expectedBytes, bool stops, CancellationToken cancellation);
}

/// <summary>
/// Dumps a job again and again. A dump is due one interval after the last one began; one that takes longer is followed by the next at
/// once, and what was missed meanwhile is not made up for. A failure that may pass is told and the next dump is tried.
/// </summary>
/// <param name="target">Of the job.</param>
/// <param name="time">The clock.</param>
/// <param name="onFailure">Told each passing failure.</param>
internal sealed class DumpSeries(ISeriesTarget target, TimeProvider time, Action<Exception> onFailure)
{
    /// <summary>How soon the end of the job is noticed between two dumps.</summary>
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(1);

    private int _generations;
    private int _failures;
    private Exception? _lastFailure;

    /// <summary>Runs the series to its end.</summary>
    /// <param name="interval">From the start of a dump to the start of the next; zero for back to back.</param>
    /// <param name="count">Dumps to try; null for as many as come until the job ends.</param>
    /// <param name="expectedBytes">As of the first <see cref="JobDumper.Dump"/>.</param>
    /// <param name="stops">The job is stopped after the last dump.</param>
    /// <param name="cancellation">Cancels, also between two dumps.</param>
    /// <exception cref="OperationCanceledException">Cancelled; no generation is half.</exception>
    public SeriesEnd Run(TimeSpan interval, int? count, long expectedBytes, bool stops, CancellationToken cancellation)
    {
        for (int done = 0; count is null || done < count; done++)
        {
            long started = time.GetTimestamp();
            bool isLast = done + 1 == count;
            if (!TryDump(done == 0 ? expectedBytes : 0, stops && isLast, cancellation))
            {
                return End(jobEnded: true);
            }

            if (!isLast && !WaitUntil(started, interval, cancellation))
            {
                return End(jobEnded: true);
            }
        }

        return End(jobEnded: false);
    }

    /// <summary>Takes one generation, or tells why not. False where the job has ended.</summary>
    private bool TryDump(long expectedBytes, bool stops, CancellationToken cancellation)
    {
        try
        {
            target.Dump(expectedBytes, stops, cancellation);
            _generations++;
            _lastFailure = null;
            return true;
        }
        catch (Exception failure) when (failure is EngineException or SchedulerException or ControlException && _generations > 0 && !target.IsRunning)
        {
            // A job that ends in the middle of a dump fails it in many ways, none of which is of interest then.
            return false;
        }
        catch (Exception failure) when (MayPass(failure))
        {
            _failures++;
            _lastFailure = failure;
            onFailure(failure);
            return true;
        }
    }

    /// <summary>Waits for the time of the next dump. False where the job ended meanwhile.</summary>
    private bool WaitUntil(long started, TimeSpan interval, CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!target.IsRunning)
            {
                return false;
            }

            TimeSpan left = interval - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return true;
            }

            Pause(left < _look ? left : _look, cancellation);
        }
    }

    private void Pause(TimeSpan duration, CancellationToken cancellation)
    {
        // Not disposed: the timer may still be on its way to set it when we were cancelled, and it holds nothing but memory.
        var due = new ManualResetEventSlim();
        using ITimer timer = time.CreateTimer(_ => due.Set(), null, duration, Timeout.InfiniteTimeSpan);
        due.Wait(cancellation);
    }

    private SeriesEnd End(bool jobEnded) => new(_generations, _failures, _lastFailure, jobEnded);

    private static bool MayPass(Exception failure) => failure switch
    {
        EngineException engine => engine.Reason is EngineFailure.TimedOut or EngineFailure.FileBusy or EngineFailure.Failed,
        StoreException store => store.Reason is StoreFailure.Full or StoreFailure.Locked or StoreFailure.Failed,
        ControlException told => told.MayPass,
        _ => false,
    };
}
