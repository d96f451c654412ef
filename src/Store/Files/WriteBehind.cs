using System.Runtime.ExceptionServices;
using Checkpointer.Store.Interop;

namespace Checkpointer.Store.Files;

/// <summary>
/// Overview. One thread that does what touches the disk, in the order in which it was asked: whoever compresses never waits for a write or
/// an fsync, except for a free buffer when the disk is the slowest part. The first failure breaks it for good: it is told at
/// once to whoever asked to know, and every later call throws it again.
/// </summary>
internal sealed class WriteBehind : IDisposable
{
    /// <summary>Buffers: one at the device, one being filled, and two so that the fsync of a full pack is slept through.</summary>
    private const int BuffersMax = 4;

    private readonly object _gate = new();
    private readonly Queue<Action> _work = new();
    private readonly Stack<AlignedBuffer> _free = new();
    private readonly Action<Exception> _onFailure;
    private readonly int _bufferBytes;
    private readonly int _nice;
    private readonly Thread _thread;
    private readonly List<AlignedBuffer> _buffers = [];
    private bool _isBusy;
    private bool _isClosed;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Starts the thread.</summary>
    /// <param name="bufferBytes">Size of a buffer, whole blocks.</param>
    /// <param name="nice">Nice level of the thread.</param>
    /// <param name="onFailure">Told the first failure, on the thread.</param>
    public WriteBehind(int bufferBytes, int nice, Action<Exception> onFailure)
    {
        _bufferBytes = bufferBytes;
        _nice = nice;
        _onFailure = onFailure;
        _thread = new Thread(Work) { IsBackground = true, Name = "store disk" };
        _thread.Start();
    }

    /// <summary>A buffer to fill; waits while all are on their way to the disk.</summary>
    /// <exception cref="Exception">The first failure.</exception>
    public AlignedBuffer Take()
    {
        lock (_gate)
        {
            while (_free.Count == 0 && _buffers.Count == BuffersMax && _failure is null)
            {
                Monitor.Wait(_gate);
            }

            _failure?.Throw();
            if (_free.TryPop(out var buffer))
            {
                return buffer;
            }

            var added = new AlignedBuffer(_bufferBytes);
            _buffers.Add(added);
            return added;
        }
    }

    /// <summary>Gives a buffer back.</summary>
    public void Return(AlignedBuffer buffer)
    {
        lock (_gate)
        {
            _free.Push(buffer);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Has something done after all that was asked before.</summary>
    /// <exception cref="Exception">The first failure.</exception>
    public void Post(Action work)
    {
        lock (_gate)
        {
            _failure?.Throw();
            _work.Enqueue(work);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits until all that was asked is done.</summary>
    /// <exception cref="Exception">The first failure.</exception>
    public void Drain()
    {
        lock (_gate)
        {
            while ((_work.Count > 0 || _isBusy) && _failure is null)
            {
                Monitor.Wait(_gate);
            }

            _failure?.Throw();
        }
    }

    /// <summary>Ends the thread; what is still queued is dropped.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.PulseAll(_gate);
        }

        _thread.Join();
        _buffers.ForEach(buffer => buffer.Dispose());
    }

    private void Work()
    {
        try
        {
            ThreadNice.RaiseTo(_nice);
            while (Next() is { } work)
            {
                work();
            }
        }
#pragma warning disable CA1031 // whatever it is, it surfaces on the next call of whoever uses this
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Break(exception);
            _onFailure(exception);
        }
    }

    private Action? Next()
    {
        lock (_gate)
        {
            _isBusy = false;
            Monitor.PulseAll(_gate);
            while (_work.Count == 0 && !_isClosed)
            {
                Monitor.Wait(_gate);
            }

            _isBusy = !_isClosed;
            return _isClosed ? null : _work.Dequeue();
        }
    }

    private void Break(Exception exception)
    {
        lock (_gate)
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
            _isBusy = false;
            Monitor.PulseAll(_gate);
        }
    }
}
