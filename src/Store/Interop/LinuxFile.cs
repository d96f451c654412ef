using Checkpointer.Store.Files;
using Microsoft.Win32.SafeHandles;

namespace Checkpointer.Store.Interop;

/// <summary>
/// A file by descriptor. Reads may run in parallel; writes belong to one thread at a time. With a second, direct descriptor whole
/// blocks go to the device without passing the page cache: the copy and the pages that it would take away from the job cost
/// more than all compression. The kernel keeps both views of the file coherent (open(2), O_DIRECT).
/// </summary>
internal sealed unsafe class LinuxFile(SafeFileHandle handle, string path, SafeFileHandle? direct = null) : IStoreFile
{
    private const int SEEK_END = 2;

    // Null where the file system has no direct I/O, or wants a larger alignment than ours.
    private SafeFileHandle? _direct = direct;

    /// <inheritdoc/>
    public string Path { get; } = path;

    /// <inheritdoc/>
    public long Length
    {
        get
        {
            var length = Libc.lseek(handle, 0, SEEK_END);
            return length >= 0 ? length : throw FileFailure.From("lseek", Path, LastError.Get());
        }
    }

    /// <inheritdoc/>
    public int Write(long offset, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* from = bytes)
        {
            var blocks = bytes.Length - (bytes.Length % AlignedBuffer.BlockBytes);
            var isDirect = _direct is not null && blocks > 0 && (offset | (long)from) % AlignedBuffer.BlockBytes == 0;
            while (true)
            {
                var taken = isDirect
                    ? Libc.pwrite(_direct!, from, (nuint)blocks, offset)
                    : Libc.pwrite(handle, from, (nuint)bytes.Length, offset);
                if (taken >= 0)
                {
                    return (int)taken;
                }

                isDirect &= !GivesUpDirect();
            }
        }
    }

    /// <inheritdoc/>
    public int Read(long offset, Span<byte> bytes)
    {
        fixed (byte* to = bytes)
        {
            while (true)
            {
                var got = Libc.pread(handle, to, (nuint)bytes.Length, offset);
                if (got >= 0)
                {
                    return (int)got;
                }

                ThrowUnlessInterrupted("read");
            }
        }
    }

    /// <inheritdoc/>
    public void StartWriteback(long offset, long bytes)
    {
        // Where the file system cannot do it, the fsync that follows does all the work and reports all errors.
        _ = Libc.sync_file_range(handle, offset, bytes, Libc.SYNC_FILE_RANGE_WRITE);
    }

    /// <inheritdoc/>
    public void StartRead(long offset, long bytes) => _ = Libc.posix_fadvise(handle, offset, bytes, Libc.POSIX_FADV_WILLNEED);

    /// <inheritdoc/>
    public void DropCache() => _ = Libc.posix_fadvise(handle, 0, 0, Libc.POSIX_FADV_DONTNEED);

    /// <inheritdoc/>
    public void Sync()
    {
        // Not retried on any error: after a failed fsync the kernel has dropped the pages, a second one would lie.
        if (Libc.fsync(handle) < 0)
        {
            throw FileFailure.From("fsync", Path, LastError.Get());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _direct?.Dispose();
        handle.Dispose();
    }

    // After a failed write: true when it shall be tried again without direct I/O, false when it was only interrupted.
    private bool GivesUpDirect()
    {
        if (_direct is null || LastError.Get() != Errno.EINVAL)
        {
            ThrowUnlessInterrupted("write");
            return false;
        }

        _direct.Dispose();
        _direct = null;
        return true;
    }

    private void ThrowUnlessInterrupted(string operation)
    {
        switch (LastError.Get())
        {
            case Errno.EINTR:
                return;
            case Errno.EIO when operation == "read":
                // A sector that cannot be read is as lost as one that reads wrong: recover must fall back, not give up.
                throw new StoreException(StoreFailure.Corrupt, $"read {Path}: the device reports an error (EIO)", "check the disk; 'checkpointer verify --all' names the generations that are spoiled");
            case var error:
                throw FileFailure.From(operation, Path, error);
        }
    }
}
