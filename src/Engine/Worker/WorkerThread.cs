using System.Runtime.ExceptionServices;

namespace Checkpointer.Engine.Worker;

/// <summary>Keeps a worker alive, which would end with the thread that started it.</summary>
internal sealed class WorkerThread : IDisposable
{
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _isStarted = new();
    private readonly ManualResetEventSlim _isDone = new();
    private WorkerChannel? _channel;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Starts it and waits until it is there.</summary>
    public WorkerThread(Func<WorkerProcess> start)
    {
        _thread = new Thread(() => Hold(start)) { Name = "worker", IsBackground = true };
        _thread.Start();
        _isStarted.Wait();
        _failure?.Throw();
    }

    /// <summary>The way to it.</summary>
    public WorkerChannel Channel => _channel!;

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        _isDone.Set();
        _thread.Join();
        _isDone.Dispose();
        _isStarted.Dispose();
    }

    private void Hold(Func<WorkerProcess> start)
    {
#pragma warning disable CA1031 // Rethrown where it is waited for.
        try
        {
            using var process = start();
            _channel = process.Channel;
            _isStarted.Set();
            _isDone.Wait();
            process.Finish();
        }
        catch (Exception exception)
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
            _isStarted.Set();
        }
#pragma warning restore CA1031
    }
}
