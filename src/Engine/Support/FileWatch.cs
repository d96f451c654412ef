using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>
/// Tells which files were written since they were added (inotify(7)). The kernel reports a write when it has ended, also one that was under way when the
/// file was added; each file is reported once, so that a busy writer is not slowed down. Writes through mappings are not seen, nor those of other hosts.
/// </summary>
internal sealed unsafe class FileWatch : IDisposable
{
    private const int BufferBytes = 64 << 10;
    private const uint FirstWrite = SpecialFile.IN_MODIFY | SpecialFile.IN_ONESHOT;

    private readonly SafeFd? _fd = Make();
    private readonly byte[] _buffer = new byte[BufferBytes];

    /// <summary>A number for the file; -1 where it cannot be watched.</summary>
    public int Add(SafeFd file) => _fd is null ? -1 : Libc.inotify_add_watch(_fd.Number, file.Path, FirstWrite);

    /// <summary>Numbers of files that were written since they were added.</summary>
    public HashSet<int> Written()
    {
        var written = new HashSet<int>();
        while (_fd is not null && Read() is > 0 and var bytes)
        {
            fixed (byte* buffer = _buffer)
            {
                for (var offset = 0; offset < bytes;)
                {
                    var notice = (inotify_event*)(buffer + offset);
                    // -1: more happened than the queue holds. Whoever looks up that number finds it.
                    written.Add(notice->wd);
                    offset += sizeof(inotify_event) + (int)notice->len;
                }
            }
        }

        return written;
    }

    /// <inheritdoc/>
    public void Dispose() => _fd?.Dispose();

    /// <summary>Null where there are too many already (fs.inotify.max_user_instances): then contents are compared.</summary>
    private static SafeFd? Make()
    {
        var number = Libc.inotify_init1(FileFlag.O_CLOEXEC | FileFlag.O_NONBLOCK);
        return number < 0 ? null : new SafeFd(number);
    }

    private int Read()
    {
        fixed (byte* buffer = _buffer)
        {
            var bytes = Libc.read(_fd!.Number, buffer, BufferBytes);
            return bytes >= 0 || LastError.Get() is Errno.EAGAIN or Errno.EINTR ? (int)bytes : throw new LinuxException("read of inotify events", LastError.Get());
        }
    }
}
