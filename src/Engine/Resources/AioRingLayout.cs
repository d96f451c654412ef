using Checkpointer.Engine.Images;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Where things are in the ring of a context: a header, then events.</summary>
internal static class AioRingLayout
{
    /// <summary>sizeof(struct io_event), and of the header too.</summary>
    public const int EventBytes = 32;

    /// <summary>Number of events that were not read.</summary>
    public static uint Unread(AioRing ring) => ring.Tail >= ring.Head ? ring.Tail - ring.Head : ring.Tail + ring.Count - ring.Head;

    /// <summary>Address of an event that was not read.</summary>
    /// <param name="ring">The ring.</param>
    /// <param name="index">Which of them, from 0.</param>
    public static RemotePtr EventAt(AioRing ring, uint index) => new(ring.Start + (EventBytes * (1 + (ulong)((ring.Head + index) % ring.Count))));
}
