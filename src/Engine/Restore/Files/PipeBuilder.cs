using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>A pipe made again, with what was in it.</summary>
internal sealed unsafe class PipeBuilder : IDisposable
{
    private readonly SafeFd _reader;
    private readonly SafeFd _writer;
    private readonly HashSet<SafeFd> _given = [];

    private PipeBuilder(SafeFd reader, SafeFd writer)
    {
        _reader = reader;
        _writer = writer;
    }

    /// <summary>Makes and fills a pipe.</summary>
    public static PipeBuilder Build(Pipe image, OpenedFiles opened)
    {
        var pipe = image.Fifo is null ? MakePipe(opened) : OpenFifo(image.Fifo, opened);
        if (Libc.fcntl(pipe._writer.Number, FileFlag.F_SETPIPE_SZ, (int)image.Capacity) < 0)
        {
            throw new LinuxException($"fcntl(F_SETPIPE_SZ, {image.Capacity})", LastError.Get());
        }

        pipe.Fill(image);
        return pipe;
    }

    /// <summary>Opens an end with flags of its own, as a struct file of its own.</summary>
    public SafeFd OpenEnd(int flags, OpenedFiles opened)
    {
        var isReader = (flags & FileFlag.O_ACCMODE) == FileFlag.O_RDONLY;
        var end = isReader ? _reader : _writer;
        if ((flags & FileFlag.O_LARGEFILE) == 0)
        {
            // Every open(2) of a 64-bit program has this flag: so this is the end that pipe(2) gave.
            LinuxException.ThrowIfFailed(Libc.fcntl(end.Number, FileFlag.F_SETFL, flags), "fcntl(F_SETFL) of a pipe");
            _ = _given.Add(end);
            return end;
        }

        // O_DIRECT (packet mode) cannot be given to open(2) of a pipe that is not empty on all kernels; F_SETFL always takes it.
        var fd = opened.Open(end.Path, flags & ~FileFlag.O_DIRECT);
        if ((flags & FileFlag.O_DIRECT) != 0)
        {
            LinuxException.ThrowIfFailed(Libc.fcntl(fd.Number, FileFlag.F_SETFL, flags), "fcntl(F_SETFL, O_DIRECT) of a pipe");
        }

        return fd;
    }

    /// <summary>Closes those of our ends that the job did not have.</summary>
    public void Dispose()
    {
        foreach (var end in new[] { _reader, _writer }.Where(end => !_given.Contains(end)))
        {
            end.Dispose();
        }
    }

    private static PipeBuilder MakePipe(OpenedFiles opened)
    {
        var ends = stackalloc int[2];
        LinuxException.ThrowIfFailed(Libc.pipe2(ends, FileFlag.O_CLOEXEC | FileFlag.O_NONBLOCK), "pipe2");
        return new PipeBuilder(opened.Keep(new SafeFd(ends[0])), opened.Keep(new SafeFd(ends[1])));
    }

    private static PipeBuilder OpenFifo(Fifo image, OpenedFiles opened)
    {
        var path = FifoBuilder.Provide(image);
        var end = opened.Open(path, FileFlag.O_RDWR | FileFlag.O_NONBLOCK);
        if (image.IsDeleted)
        {
            LinuxException.ThrowIfFailed(Libc.unlink(path), $"unlink of {path}");
        }

        return new PipeBuilder(end, end);
    }

    private void Fill(Pipe image)
    {
        var packetMode = image.Packets.Count > 1 ? FileFlag.O_DIRECT : 0;
        LinuxException.ThrowIfFailed(Libc.fcntl(_writer.Number, FileFlag.F_SETFL, FileFlag.O_NONBLOCK | packetMode), "fcntl(F_SETFL) of a pipe");
        foreach (var packet in image.Packets)
        {
            fixed (byte* bytes = packet.Span)
            {
                var written = Libc.write(_writer.Number, bytes, (nuint)packet.Length);
                LinuxException.ThrowIfFailed(written, $"write of {packet.Length} bytes into pipe {image.Id}");
                if (written != packet.Length)
                {
                    throw new EngineException(EngineFailure.Failed, $"Pipe {image.Id} took only {written} of {packet.Length} bytes.");
                }
            }
        }
    }
}
