using Checkpointer.Engine;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>A sink that takes so many calls, and fails all that come after, as a store does whose disk is full.</summary>
/// <param name="previous">The base.</param>
/// <param name="callsUntilFailure">Pages written or images put before the first failure.</param>
internal sealed class FailingCheckpoint(MemoryCheckpoint previous, int callsUntilFailure) : ICheckpointSink
{
    private readonly MemoryCheckpoint _taken = new(previous);
    private int _calls;

    /// <summary>True once it has failed.</summary>
    public bool HasFailed { get; private set; }

    public bool HasBase => _taken.HasBase;

    public void PutImage(string name, ReadOnlySpan<byte> image)
    {
        Count();
        _taken.PutImage(name, image);
    }

    public IPageSink OpenPages(string name) => new Pages(this, _taken.OpenPages(name));

    private void Count()
    {
        if (_calls++ >= callsUntilFailure)
        {
            HasFailed = true;
            throw new IOException("no space left on device, says the test");
        }
    }

    private sealed class Pages(FailingCheckpoint owner, IPageSink taken) : IPageSink
    {
        public void Write(ulong address, ReadOnlySpan<byte> pages)
        {
            owner.Count();
            taken.Write(address, pages);
        }

        public void Write(ulong address, long bytes, PageFill fill)
        {
            owner.Count();
            taken.Write(address, bytes, fill);
        }

        public void Clear(ulong address, ulong length) => taken.Clear(address, length);

        public void Dispose() => taken.Dispose();
    }
}
