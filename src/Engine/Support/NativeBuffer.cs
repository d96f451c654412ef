using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>Zeroed memory outside the garbage collector's heap, in huge pages where the kernel has them.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private nint _address;

    /// <summary>Maps <paramref name="bytes"/>; pages are populated when touched.</summary>
    public NativeBuffer(long bytes)
    {
        Bytes = bytes;
        if (bytes == 0)
        {
            return;
        }

        _address = Libc.mmap64(
            0, (nuint)bytes, Memory.PROT_READ | Memory.PROT_WRITE, Memory.MAP_PRIVATE | Memory.MAP_ANONYMOUS | Memory.MAP_NORESERVE, -1, 0);
        if (_address == -1)
        {
            _address = 0;
            throw new LinuxException($"mmap of {bytes} bytes for captured pages", LastError.Get());
        }

        // Only faster, never needed: the answer does not matter.
        _ = Libc.madvise(_address, (nuint)bytes, Memory.MADV_HUGEPAGE);
    }

    /// <summary>Length in bytes.</summary>
    public long Bytes { get; }

    /// <summary>First address; 0 for an empty buffer.</summary>
    public ulong Address => (ulong)_address;

    /// <summary>A part of the buffer.</summary>
    public Span<byte> Slice(long offset, int length)
    {
        Invariant.Require(offset >= 0 && length >= 0 && offset + length <= Bytes && _address != 0, "slice outside of a native buffer");
        return new Span<byte>((byte*)_address + offset, length);
    }

    /// <summary>Has the kernel zero all pages now and not when they are touched.</summary>
    public void Populate()
    {
        if (_address != 0)
        {
            // Only sooner, never needed: before Linux 5.14 there is no such advice.
            _ = Libc.madvise(_address, (nuint)Bytes, Memory.MADV_POPULATE_WRITE);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_address != 0)
        {
            _ = Libc.munmap(_address, (nuint)Bytes);
            _address = 0;
        }
    }
}
