using System.Runtime.InteropServices;

namespace Checkpointer.Store.Interop;

/// <summary>Native memory that starts at a block boundary, as direct I/O wants it. Its owner disposes it; nobody else holds spans of it then.</summary>
internal sealed unsafe class AlignedBuffer : IDisposable
{
    /// <summary>Alignment of address, offset and length that every Linux file system takes for direct I/O (open(2), O_DIRECT).</summary>
    public const int BlockBytes = 4096;

    private byte* _start;

    /// <summary>Allocates; pages that are never touched cost nothing.</summary>
    public AlignedBuffer(int bytes)
    {
        Bytes = bytes;
        _start = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, BlockBytes);
    }

    /// <summary>Size.</summary>
    public int Bytes { get; }

    /// <summary>All of it.</summary>
    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_start is null, this);
            return new Span<byte>(_start, Bytes);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_start);
        _start = null;
    }
}
