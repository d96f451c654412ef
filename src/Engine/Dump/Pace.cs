using System.Diagnostics;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// Keeps what a dump hands over beside the job below a rate. Time in which nothing was handed over is not made up for. Suspended while the job stands still: a job that waits
/// for a limit that is to spare it would be the worse for it. Not for use from two threads at a time.
/// </summary>
/// <param name="bytesPerSecond">The rate; 0 for none.</param>
/// <param name="cancellation">Ends a wait.</param>
internal sealed class Pace(long bytesPerSecond, CancellationToken cancellation = default)
{
    private static readonly double _ticksPerSecond = Stopwatch.Frequency;
    private long _due;

    /// <summary>True while nothing waits.</summary>
    public bool IsSuspended { get; set; }

    /// <summary>Waits until what was handed over before is paid for, and notes so many bytes more.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Wait(long bytes)
    {
        if (bytesPerSecond == 0 || IsSuspended)
        {
            return;
        }

        var now = Stopwatch.GetTimestamp();
        if (_due > now)
        {
            cancellation.WaitHandle.WaitOne(Stopwatch.GetElapsedTime(now, _due));
            cancellation.ThrowIfCancellationRequested();
        }

        // From when it was due and not from when we woke up: what the wait took too long is no loss.
        _due = Math.Max(_due, now) + (long)(bytes * (_ticksPerSecond / bytesPerSecond));
    }
}
