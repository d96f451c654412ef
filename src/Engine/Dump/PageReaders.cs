using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Dump;

/// <summary>Private memory of a frozen process.</summary>
internal sealed class MemoryReader(RemoteMemory memory) : IPageReader
{
    /// <inheritdoc/>
    public void Read(ulong address, Span<byte> target) => memory.Read(new RemotePtr(address), target);
}

/// <summary>A shared memory object or a mapped file, open for reading.</summary>
internal sealed unsafe class ObjectReader(SafeFd fd, string name) : IPageReader, IDisposable
{
    /// <inheritdoc/>
    public void Read(ulong address, Span<byte> target)
    {
        fixed (byte* bytes = target)
        {
            var done = 0;
            while (done < target.Length)
            {
                var result = Libc.pread64(fd.Number, bytes + done, (nuint)(target.Length - done), (long)address + done);
                if (result < 0 && LastError.Get() is var errno && errno != Errno.EINTR)
                {
                    throw new LinuxException($"read of {name} at {address + (ulong)done}", errno);
                }

                if (result == 0)
                {
                    // The last page of a file reaches past its end; there it is zero.
                    target[done..].Clear();
                    return;
                }

                done += (int)Math.Max(0, result);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => fd.Dispose();
}
