using System.Runtime.ExceptionServices;
using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>
/// Overview. The producer copies pages into buffers of this pool and queues them; worker threads hash, look up, compress and append.
/// The number of buffers bounds memory: a producer that is faster than the workers waits for a buffer. The first failure, of
/// whoever, breaks the pipeline for good: it wakes everybody, and every later call throws it again.
/// One monitor guards all state; the 16 000 chunks of a GiB do not contend for it.
/// </summary>
internal sealed class ChunkPipeline : IDisposable
{
    /// <summary>Buffers of 64 KiB: 48 MiB, half a second of work for two workers, and less than the service may use beside a job.</summary>
    public const int BuffersMax = 768;

    private readonly object _gate = new();
    private readonly Queue<PendingChunk> _queue = new();
    private readonly Stack<byte[]> _free = new();
    private readonly Thread[] _workers;
    private readonly ChunkStorer _storer;
    private int _buffers;
    private int _unfinished;
    private bool _isClosed;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Starts the workers.</summary>
    public ChunkPipeline(ChunkStorer storer, int workers)
    {
        _storer = storer;
        _workers = new Thread[workers == 0 ? Environment.ProcessorCount : workers];
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

    /// <summary>Copies the bytes and queues them; waits while all buffers are in use.</summary>
    /// <exception cref="Exception">The first failure of this pipeline.</exception>
    public PendingChunk Submit(ChunkKind kind, ReadOnlySpan<byte> plain)
    {
        var buffer = TakeBuffer();
        plain.CopyTo(buffer);
        var chunk = new PendingChunk(kind, buffer, plain.Length);
        lock (_gate)
        {
            _queue.Enqueue(chunk);
            _unfinished++;
            Monitor.PulseAll(_gate);
        }

        return chunk;
    }

    /// <summary>Waits until everything submitted is stored.</summary>
    /// <exception cref="Exception">The first failure of this pipeline.</exception>
    public void Drain()
    {
        lock (_gate)
        {
            while (_unfinished > 0 && _failure is null)
            {
                Monitor.Wait(_gate);
            }
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

    private byte[] TakeBuffer()
    {
        lock (_gate)
        {
            while (_free.Count == 0 && _buffers == BuffersMax && _failure is null)
            {
                Monitor.Wait(_gate);
            }

            _failure?.Throw();
            if (_free.TryPop(out var buffer))
            {
                return buffer;
            }

            _buffers++;
        }

        return GC.AllocateUninitializedArray<byte>(Geometry.ChunkBytesMax);
    }

    private void Work()
    {
        var encoder = _storer.NewEncoder();
        while (Next() is { } chunk)
        {
            try
            {
                chunk.Complete(_storer.Store(chunk.Kind, chunk.Plain, encoder));
            }
#pragma warning disable CA1031 // whatever it is, it surfaces on the producer's next call and on Commit
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Fail(exception);
            }

            lock (_gate)
            {
                _free.Push(chunk.TakeBuffer());
                _unfinished--;
                Monitor.PulseAll(_gate);
            }
        }
    }

    // The next chunk, or null when the worker shall end.
    private PendingChunk? Next()
    {
        lock (_gate)
        {
            while (_queue.Count == 0 && !_isClosed && _failure is null)
            {
                Monitor.Wait(_gate);
            }

            return _isClosed || _failure is not null ? null : _queue.Dequeue();
        }
    }
}
