using System.Runtime.ExceptionServices;
using Checkpointer.Store.Interop;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>
/// Overview. The producer fills window buffers of this pool and queues them; worker threads hash, look up, compress and append.
/// The number of buffers bounds memory: a producer that is faster than the workers waits for a buffer. The first failure, of
/// whoever, breaks the pipeline for good: it wakes everybody, and every later call throws it again.
/// One monitor guards all state. Whoever waits is woken only when there is enough to do: the 16 000 windows of a GiB would otherwise cost as many
/// switches between threads.
/// </summary>
internal sealed class ChunkPipeline : IDisposable
{
    /// <summary>Buffers of 64 KiB: 16 MiB, some 20 ms of work. More would not make anything faster, and the service shall stay small beside a job.</summary>
    public const int BuffersMax = 256;

    // A producer that had to wait goes on when so many are free, while the workers have the others.
    private const int BuffersToGoOn = BuffersMax / 4;

    // Windows that a worker takes at once, where there are so many for each. What a worker has is missing to the others at the end.
    private const int BatchMax = 16;

    private readonly object _gate = new();
    private readonly Queue<WindowBuffer> _queue = new();
    private readonly Stack<WindowBuffer> _free = new();
    private readonly Thread[] _workers;
    private readonly ChunkStorer _storer;
    private readonly int _nice;
    private int _buffers;
    private int _unfinished;
    private int _idleWorkers;
    private bool _isProducerWaiting;
    private bool _isDraining;
    private bool _isClosed;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Starts the workers.</summary>
    public ChunkPipeline(ChunkStorer storer, StoreOptions options)
    {
        _storer = storer;
        _nice = options.Nice;
        _workers = new Thread[options.Workers == 0 ? Environment.ProcessorCount : options.Workers];
        for (var i = 0; i < _workers.Length; i++)
        {
            _workers[i] = new Thread(Work) { IsBackground = true, Name = $"store worker {i}" };
            _workers[i].Start();
        }
    }

    /// <summary>Buffers allocated so far; they are kept for reuse.</summary>
    public int Buffers
    {
        get
        {
            lock (_gate)
            {
                return _buffers;
            }
        }
    }

    /// <summary>Whether the producer waits for a buffer.</summary>
    public bool IsProducerWaiting
    {
        get
        {
            lock (_gate)
            {
                return _isProducerWaiting;
            }
        }
    }

    /// <summary>An empty buffer; waits while all are in use.</summary>
    /// <exception cref="Exception">The first failure of this pipeline.</exception>
    public WindowBuffer Take()
    {
        lock (_gate)
        {
            _isProducerWaiting = _free.Count == 0 && _buffers == BuffersMax;
            while (_isProducerWaiting && _failure is null)
            {
                Monitor.Wait(_gate);
            }

            _failure?.Throw();
            if (_free.TryPop(out var window))
            {
                return window;
            }

            _buffers++;
        }

        return new WindowBuffer();
    }

    /// <summary>Queues the chunks of a buffer, which is the pipeline's from now on.</summary>
    public void Submit(WindowBuffer window)
    {
        lock (_gate)
        {
            if (window.Chunks.Count == 0)
            {
                _free.Push(window);
                return;
            }

            _queue.Enqueue(window);
            _unfinished++;
            if (_idleWorkers > 0)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Copies bytes and queues them as one chunk.</summary>
    /// <exception cref="Exception">The first failure of this pipeline.</exception>
    public PendingChunk Submit(ChunkKind kind, ReadOnlySpan<byte> plain)
    {
        var window = Take();
        plain.CopyTo(window.Bytes);
        var chunk = window.Add(kind, 0, plain.Length);
        Submit(window);
        return chunk;
    }

    /// <summary>Waits until everything submitted is stored.</summary>
    /// <exception cref="Exception">The first failure of this pipeline.</exception>
    public void Drain()
    {
        lock (_gate)
        {
            _isDraining = true;
            while (_unfinished > 0 && _failure is null)
            {
                Monitor.Wait(_gate);
            }

            _isDraining = false;
        }

        ThrowIfFailed();
    }

    /// <summary>Breaks the pipeline; the first failure stays.</summary>
    public void Fail(Exception exception)
    {
        lock (_gate)
        {
            _failure ??= ExceptionDispatchInfo.Capture(exception);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Throws the first failure again.</summary>
    public void ThrowIfFailed()
    {
        ExceptionDispatchInfo? failure;
        lock (_gate)
        {
            failure = _failure;
        }

        failure?.Throw();
    }

    /// <summary>Stops the workers; what is still queued is dropped.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.PulseAll(_gate);
        }

        foreach (var worker in _workers)
        {
            worker.Join();
        }
    }

    private void Work()
    {
        try
        {
            ThreadNice.RaiseTo(_nice);
            var encoder = _storer.NewEncoder();
            var batch = new List<WindowBuffer>(BatchMax);
            while (Next(batch))
            {
                _storer.Store(batch, encoder);
                Finish(batch);
            }
        }
#pragma warning disable CA1031 // whatever it is, it surfaces on the producer's next call and on Commit
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(exception);
        }
    }

    private void Finish(List<WindowBuffer> batch)
    {
        batch.ForEach(window => window.Reset());
        lock (_gate)
        {
            batch.ForEach(_free.Push);
            _unfinished -= batch.Count;
            var canGoOn = _isProducerWaiting && _free.Count >= BuffersToGoOn;
            _isProducerWaiting &= !canGoOn;
            if (canGoOn || (_isDraining && _unfinished == 0))
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    // The next windows; false when the worker shall end.
    private bool Next(List<WindowBuffer> batch)
    {
        batch.Clear();
        lock (_gate)
        {
            while (_queue.Count == 0 && !_isClosed && _failure is null)
            {
                _idleWorkers++;
                Monitor.Wait(_gate);
                _idleWorkers--;
            }

            if (_isClosed || _failure is not null)
            {
                return false;
            }

            for (var count = Math.Clamp(_queue.Count / _workers.Length, 1, BatchMax); count > 0; count--)
            {
                batch.Add(_queue.Dequeue());
            }

            return true;
        }
    }
}
