using System.Runtime.ExceptionServices;
using System.Text.Json;

namespace Checkpointer.Engine.Worker;

/// <summary>Our end of the talk with a worker: asks, and serves what it needs meanwhile. One request at a time.</summary>
internal sealed class WorkerClient(WorkerChannel channel)
{
    /// <summary>Asks and waits for the answer.</summary>
    /// <param name="request">What is to be done.</param>
    /// <param name="attendant">Serves what the worker needs for it; null where it needs nothing.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="EngineException">As of the operation; or the worker died.</exception>
    public T Ask<T>(WorkerRequest request, WorkerAttendant? attendant, CancellationToken cancellation)
    {
        ExceptionDispatchInfo? ours = null;
        Tell(FrameKind.Request, JsonSerializer.SerializeToUtf8Bytes(request));
        using var registration = cancellation.Register(() => Tell(FrameKind.Cancel, []));
        while (channel.Receive() is { } frame)
        {
            switch (frame.Kind)
            {
                case FrameKind.Reply:
                    ours?.Throw();
                    return JsonSerializer.Deserialize<T>(frame.Payload)!;
                case FrameKind.Failure:
                    ours?.Throw();
                    throw JsonSerializer.Deserialize<WorkerFailure>(frame.Payload)!.ToException();
                default:
                    ours ??= TryAttend(attendant!, frame);
                    if (ours is not null && frame.Kind is FrameKind.ReadImage or FrameKind.ReadPages or FrameKind.Built)
                    {
                        Tell(FrameKind.SourceFailed, []);
                    }

                    break;
            }
        }

        ours?.Throw();
        throw new EngineException(EngineFailure.Failed, "The process that works for us in the namespaces of the job has died.", "try again; with --verbose it says more");
    }

    /// <summary>What went wrong at our end; then the worker is told to end its work, and what it still says is passed over.</summary>
    private ExceptionDispatchInfo? TryAttend(WorkerAttendant attendant, Frame frame)
    {
#pragma warning disable CA1031 // Thrown again as soon as the worker has ended its work.
        try
        {
            attendant.Attend(frame);
            return null;
        }
        catch (Exception exception)
        {
            Tell(FrameKind.Cancel, []);
            return ExceptionDispatchInfo.Capture(exception);
        }
#pragma warning restore CA1031
    }

    private void Tell(FrameKind kind, ReadOnlySpan<byte> payload)
    {
        try
        {
            channel.Send(kind, payload);
        }
        catch (IOException)
        {
            // Dead: the next Receive tells.
            return;
        }
    }
}
