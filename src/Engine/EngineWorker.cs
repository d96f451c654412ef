using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.Json;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Worker;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Engine;

/// <summary>
/// What this program does in the namespaces of a job, at the other end of a <see cref="WorkerProcess"/>: one request after the other, until whoever started it
/// closes the channel. Messages are read on a thread of their own, so that a request can be cancelled.
/// </summary>
public sealed class EngineWorker : IDisposable
{
    /// <summary>The word on the command line that makes a process of this program a worker.</summary>
    public const string Word = "engine-worker";

    /// <summary>The word behind it that makes it log what it does.</summary>
    public const string Verbose = "verbose";

    private static readonly PosixSignal[] _ofOthers = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    private readonly WorkerChannel _channel;
    private readonly ILoggerFactory _loggers;
    private readonly BlockingCollection<Frame> _frames = [];
    private CancellationTokenSource _cancellation = new();
    private TrackedJob? _job;

    internal EngineWorker(WorkerChannel channel, ILoggerFactory loggers)
    {
        _channel = channel;
        _loggers = loggers;
    }

    /// <summary>Serves the process that has started this one; returns its exit code.</summary>
    public static int Run(ILoggerFactory loggers)
    {
        // Whoever started us decides when we end.
        var signals = _ofOthers.Select(signal => PosixSignalRegistration.Create(signal, context => context.Cancel = true)).ToList();
        foreach (var number in (ReadOnlySpan<int>)[WorkerChannel.Number, WorkerChannel.HostProcNumber])
        {
            LinuxException.ThrowIfFailed(Libc.fcntl(number, FileFlag.F_SETFD, FileFlag.FD_CLOEXEC), $"fcntl of descriptor {number}");
        }

        HostProc.Root = $"/proc/self/fd/{WorkerChannel.HostProcNumber}";
        using (var worker = new EngineWorker(new WorkerChannel(new SafeFd(WorkerChannel.Number)), loggers))
        {
            worker.Serve();
        }

        signals.ForEach(signal => signal.Dispose());
        return 0;
    }

    /// <summary>Answers requests until the other end is closed.</summary>
    internal void Serve()
    {
        var reader = new Thread(ReadAll) { Name = "worker channel", IsBackground = true };
        reader.Start();
        foreach (var frame in _frames.GetConsumingEnumerable().Where(frame => frame.Kind == FrameKind.Request))
        {
            Answer(JsonSerializer.Deserialize<WorkerRequest>(frame.Payload)!);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _job?.Dispose();
        _channel.Dispose();
        _cancellation.Dispose();
        _frames.Dispose();
    }

    private void ReadAll()
    {
        while (_channel.Receive() is { } frame)
        {
            if (frame.Kind == FrameKind.Cancel)
            {
                _cancellation.Cancel();
                continue;
            }

            if (frame.Kind == FrameKind.Request)
            {
                // The one before was answered, so nobody holds its token.
                _cancellation.Dispose();
                _cancellation = new CancellationTokenSource();
            }

            _frames.Add(frame);
        }

        _frames.CompleteAdding();
        _cancellation.Cancel();
    }

    private void Answer(WorkerRequest request)
    {
        try
        {
            Do(request);
        }
#pragma warning disable CA1031 // Whatever it is, it is told at the other end, where it is thrown again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            try
            {
                _channel.SendJson(FrameKind.Failure, WorkerFailure.Of(exception));
            }
            catch (IOException) when (_frames.IsAddingCompleted)
            {
                // Nobody is there to be told; this ends with the last frame.
                return;
            }
        }
    }

    private void Do(WorkerRequest request)
    {
        switch (request.Task)
        {
            case WorkerTask.Check:
                _channel.SendJson(FrameKind.Reply, CheckpointEngine.Check(request.Scope(), request.Choices));
                break;
            case WorkerTask.Dump:
                _job ??= Engine(request).Track(request.Scope(), request.Choices, request.Files);
                _channel.SendJson(FrameKind.Reply, _job.Dump(new ChannelSink(_channel, request.HasBase), Progress(), request.Stops, _cancellation.Token));
                break;
            case WorkerTask.Committed:
                _job!.Committed();
                _channel.SendJson(FrameKind.Reply, true);
                break;
            case WorkerTask.Stop:
                _job!.Stop(request.Process!);
                _channel.SendJson(FrameKind.Reply, true);
                break;
            case WorkerTask.Rehearse:
                _channel.SendJson(FrameKind.Reply, Engine(request).RehearseHere(new ChannelSource(_channel, NextAnswer, request), Progress(), _cancellation.Token));
                break;
            default:
                var source = new ChannelSource(_channel, NextAnswer, request);
                _channel.SendJson(
                    FrameKind.Reply, Engine(request).Restore(source, request.Suffix, Progress(), request.Decided, root => Tell(root.Pid), _cancellation.Token));
                break;
        }
    }

    /// <summary>Nothing that was restored runs before it is known outside.</summary>
    private void Tell(ProcessId root)
    {
        _channel.SendNumber(FrameKind.Built, (ulong)root.Value);
        if (NextAnswer().Kind != FrameKind.Noted)
        {
            throw new EngineException(EngineFailure.Failed, "It could not be written down who the restored job is.");
        }
    }

    private CheckpointEngine Engine(WorkerRequest request) => new(request.Options, _loggers);

    private Frame NextAnswer() => _frames.TryTake(out var frame, Timeout.Infinite)
        ? frame
        : throw new EngineException(EngineFailure.Failed, "Whoever started this worker is gone.");

    private ChannelProgress Progress() => new(_channel);

    private sealed class ChannelProgress(WorkerChannel channel) : IProgress<long>
    {
        public void Report(long value) => channel.SendNumber(FrameKind.Progress, (ulong)value);
    }
}
