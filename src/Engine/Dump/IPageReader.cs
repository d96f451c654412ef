namespace Checkpointer.Engine.Dump;

/// <summary>Reads bytes of a job: its private memory, a clone's, or an object that it shares. May be used from several threads.</summary>
internal interface IPageReader
{
    /// <summary>Reads the whole target or throws. Bytes past the end of an object are zero.</summary>
    void Read(ulong address, Span<byte> target);
}
