using System.Runtime.InteropServices;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// The memory of a traced process through /proc/PID/mem, which reads and writes past page protections (FOLL_FORCE) as a debugger needs.
/// </summary>
/// <remarks>Never process_vm_readv: it pins pages, and pinning a page that is shared copy-on-write copies it.</remarks>
internal sealed unsafe class RemoteMemory : IDisposable
{
    private readonly SafeFd _fd;
    private readonly ProcessId _process;

    private RemoteMemory(SafeFd fd, ProcessId process)
    {
        _fd = fd;
        _process = process;
    }

    /// <summary>Opens the memory of a process that is traced by this thread, or that we may trace.</summary>
    public static RemoteMemory Open(ProcessId process)
    {
        var path = ProcFs.PathOf(process, "mem");
        return new RemoteMemory(OwnFd.Open(path, FileFlag.O_RDWR), process);
    }

    /// <summary>Reads the whole span or throws.</summary>
    public void Read(RemotePtr address, Span<byte> target)
    {
        var done = TryRead(address, target);
        if (done != target.Length)
        {
            throw new EngineException(
                EngineFailure.Failed, $"Memory of process {_process} at {address + (ulong)done} could not be read ({target.Length - done} bytes missing).");
        }
    }

    /// <summary>Reads as much as is mapped; returns the bytes read.</summary>
    public int TryRead(RemotePtr address, Span<byte> target)
    {
        fixed (byte* bytes = target)
        {
            var done = 0;
            while (done < target.Length)
            {
                var result = Libc.pread64(_fd.Number, bytes + done, (nuint)(target.Length - done), (long)address.Address + done);
                if (result > 0)
                {
                    done += (int)result;
                    continue;
                }

                if (result < 0 && LastError.Get() == Errno.EINTR)
                {
                    continue;
                }

                break;
            }

            return done;
        }
    }

    /// <summary>Writes the whole span or throws.</summary>
    public void Write(RemotePtr address, ReadOnlySpan<byte> source)
    {
        fixed (byte* bytes = source)
        {
            TracerDeath.MayCome();
            var done = 0;
            while (done < source.Length)
            {
                var result = Libc.pwrite64(_fd.Number, bytes + done, (nuint)(source.Length - done), (long)address.Address + done);
                if (result > 0)
                {
                    done += (int)result;
                    continue;
                }

                var errno = result < 0 ? LastError.Get() : Errno.EIO;
                if (errno != Errno.EINTR)
                {
                    throw new LinuxException($"write of {source.Length - done} bytes at {address + (ulong)done} of process {_process}", errno);
                }
            }
        }
    }

    /// <summary>Reads one value of a kernel structure.</summary>
    public T Read<T>(RemotePtr address)
        where T : unmanaged
    {
        T value = default;
        Read(address, MemoryMarshal.AsBytes(new Span<T>(ref value)));
        return value;
    }

    /// <summary>Writes one value of a kernel structure.</summary>
    public void Write<T>(RemotePtr address, in T value)
        where T : unmanaged => Write(address, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();
}
