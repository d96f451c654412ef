using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>Reads and whole writes of open files.</summary>
internal static unsafe class FileBytes
{
    /// <summary>Reads at an offset.</summary>
    /// <returns>Bytes read; 0 at the end of the file.</returns>
    public static int Read(SafeFd fd, long offset, Span<byte> target, string name)
    {
        fixed (byte* bytes = target)
        {
            while (true)
            {
                var result = Libc.pread64(fd.Number, bytes, (nuint)target.Length, offset);
                if (result >= 0)
                {
                    return (int)result;
                }

                if (LastError.Get() is var errno && errno != Errno.EINTR)
                {
                    throw new LinuxException($"read of {name} at {offset}", errno);
                }
            }
        }
    }

    /// <summary>Writes all bytes at an offset or throws.</summary>
    public static void Write(SafeFd fd, long offset, ReadOnlySpan<byte> source, string name)
    {
        fixed (byte* bytes = source)
        {
            for (var done = 0; done < source.Length;)
            {
                var result = Libc.pwrite64(fd.Number, bytes + done, (nuint)(source.Length - done), offset + done);
                if (result < 0 && LastError.Get() is var errno && errno != Errno.EINTR)
                {
                    throw new LinuxException($"write of {source.Length} bytes to {name} at {offset}", errno);
                }

                done += (int)Math.Max(0, result);
            }
        }
    }
}
