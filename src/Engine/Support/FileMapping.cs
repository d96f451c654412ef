using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>A file mapped shared and writable into our own process.</summary>
internal sealed class FileMapping : IDisposable
{
    private readonly nint _address;
    private readonly nuint _bytes;

    /// <summary>Maps a whole file; no memory is set aside for it.</summary>
    public FileMapping(SafeFd fd, ulong bytes, string name)
    {
        _bytes = (nuint)bytes;
        _address = Libc.mmap64(0, _bytes, Memory.PROT_READ | Memory.PROT_WRITE, Memory.MAP_SHARED | Memory.MAP_NORESERVE, fd.Number, 0);
        LinuxException.ThrowIfFailed(_address, $"mmap of {name}");
    }

    /// <summary>First address.</summary>
    public RemotePtr Start => new((ulong)_address);

    /// <inheritdoc/>
    public void Dispose() => _ = Libc.munmap(_address, _bytes);
}
