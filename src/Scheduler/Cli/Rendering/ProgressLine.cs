using System.Globalization;
using Checkpointer.Scheduler.Jobs;

namespace Checkpointer.Scheduler.Cli.Rendering;

/// <summary>
/// A progress bar on one line of standard error. It appears only when the work has taken a second, so short work leaves no trace, and
/// goes away when done. Drawn by hand: a drawing library would have to be loaded before every dump, for a bar that most never show.
/// </summary>
internal sealed class ProgressLine(TextWriter target, TimeProvider time, string label, long totalBytes) : IProgressTask
{
    private const int BarCells = 24;
    private const string EraseLine = "\r\u001b[K";
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _redrawInterval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly long _started = time.GetTimestamp();
    private TimeSpan _lastDrawn = TimeSpan.Zero;
    private bool _isDrawn;

    /// <inheritdoc/>
    public void Report(long value)
    {
        lock (_lock)
        {
            TimeSpan elapsed = time.GetElapsedTime(_started);
            if (elapsed < _silence || (_isDrawn && elapsed - _lastDrawn < _redrawInterval))
            {
                return;
            }

            target.Write(EraseLine + Line(value, elapsed));
            target.Flush();
            _lastDrawn = elapsed;
            _isDrawn = true;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDrawn)
            {
                target.Write(EraseLine);
                target.Flush();
                _isDrawn = false;
            }
        }
    }

    private string Line(long done, TimeSpan elapsed)
    {
        string rate = $"{Quantity.Bytes((long)(done / elapsed.TotalSeconds))}/s";
        if (totalBytes <= 0)
        {
            return $"{label}  {Quantity.Bytes(done)}  {rate}";
        }

        // The total is an estimate, the job goes on allocating: never show more than all of it.
        double share = Math.Clamp((double)done / totalBytes, 0, 1);
        int filled = (int)(share * BarCells);
        string bar = new string('#', filled) + new string('.', BarCells - filled);
        string percent = ((int)(share * 100)).ToString(CultureInfo.InvariantCulture);
        return $"{label}  [{bar}] {percent} %  {Quantity.Bytes(done)} of {Quantity.Bytes(totalBytes)}  {rate}";
    }
}
