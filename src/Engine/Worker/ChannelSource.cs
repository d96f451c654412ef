using System.Buffers.Binary;
using System.Text;

namespace Checkpointer.Engine.Worker;

/// <summary>The worker's side of a source: asks for everything.</summary>
/// <param name="channel">Where it asks.</param>
/// <param name="answers">The next message that is no request.</param>
/// <param name="request">The restore.</param>
internal sealed class ChannelSource(WorkerChannel channel, Func<Frame> answers, WorkerRequest request) : ICheckpointSource
{
    /// <inheritdoc/>
    public string Name => request.Generation;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> ImageNames => request.ImageNames;

    /// <inheritdoc/>
    public byte[] ReadImage(string name)
    {
        channel.Send(FrameKind.ReadImage, Encoding.UTF8.GetBytes(name));
        return Answer(name).Payload;
    }

    /// <inheritdoc/>
    public void ReadPages(string name, PageVisitor visitor)
    {
        channel.Send(FrameKind.ReadPages, Encoding.UTF8.GetBytes(name));
        for (var answer = Answer(name); answer.Kind != FrameKind.PagesEnd; answer = Answer(name))
        {
            visitor(BinaryPrimitives.ReadUInt64LittleEndian(answer.Payload), answer.Payload.AsSpan(sizeof(ulong)));
        }
    }

    // The reason is known to who reads, and told there.
    private Frame Answer(string name) => answers() is { Kind: not FrameKind.SourceFailed } answer
        ? answer
        : throw new EngineException(EngineFailure.Failed, $"{name} of {Name} could not be read.");
}
