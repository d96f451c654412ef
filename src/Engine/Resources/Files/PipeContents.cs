using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>Reads what is in a pipe without taking it out: tee(2) into a pipe of our own.</summary>
internal static unsafe class PipeContents
{
    /// <summary>The image of a pipe. Runs inside the freeze.</summary>
    public static Pipe Read(PipeUse use)
    {
        using var pipe = OwnFd.Open(use.OpenPath, FileFlag.O_RDONLY | FileFlag.O_NONBLOCK, $"{use.OpenPath} ({use.Target})");
        var capacity = Libc.fcntl(pipe.Number, FileFlag.F_GETPIPE_SZ, 0);
        LinuxException.ThrowIfFailed(capacity, $"fcntl(F_GETPIPE_SZ) of {use.Target}");
        var image = new Pipe { Id = use.Id, Capacity = (uint)capacity };
        if (use.IsFifo)
        {
            image.Fifo = FifoOf(use);
        }

        var waiting = 0;
        LinuxException.ThrowIfFailed(Libc.ioctl(pipe.Number, FileFlag.FIONREAD, (nint)(&waiting)), $"ioctl(FIONREAD) of {use.Target}");
        if (waiting > 0)
        {
            Copy(pipe, capacity, waiting, image, use);
        }

        return image;
    }

    private static Fifo FifoOf(PipeUse use)
    {
        var isDeleted = !use.Stat.IsAt(use.Target);
        return new Fifo
        {
            Path = ByteString.CopyFromUtf8(isDeleted ? ProcText.StripDeleted(use.Target, out _) : use.Target),
            IsDeleted = isDeleted,
            Mode = use.Stat.Permissions,
            Owner = use.Stat.Owner,
            Group = use.Stat.Group,
        };
    }

    private static void Copy(SafeFd source, int capacity, int waiting, Pipe image, PipeUse use)
    {
        var ends = stackalloc int[2];
        LinuxException.ThrowIfFailed(Libc.pipe2(ends, FileFlag.O_CLOEXEC | FileFlag.O_NONBLOCK), "pipe2");
        using var reader = new SafeFd(ends[0]);
        using var writer = new SafeFd(ends[1]);
        LinuxException.ThrowIfFailed(Libc.fcntl(writer.Number, FileFlag.F_SETPIPE_SZ, capacity), $"fcntl(F_SETPIPE_SZ, {capacity})");
        var copied = Libc.tee(source.Number, writer.Number, (nuint)waiting, FileFlag.SPLICE_F_NONBLOCK);
        LinuxException.ThrowIfFailed(copied, $"tee of {use.Target}");
        if (copied != waiting)
        {
            throw new EngineException(EngineFailure.Failed, $"Only {copied} of {waiting} bytes in {use.Target} could be copied.");
        }

        var buffer = new byte[waiting];
        var total = 0;
        fixed (byte* bytes = buffer)
        {
            while (total < waiting)
            {
                // One read gives one packet of a pipe in packet mode, else all there is.
                var read = Libc.read(reader.Number, bytes, (nuint)waiting);
                LinuxException.ThrowIfFailed(read, $"read of the copy of {use.Target}");
                image.Packets.Add(ByteString.CopyFrom(buffer, 0, (int)read));
                total += (int)read;
            }
        }
    }
}
