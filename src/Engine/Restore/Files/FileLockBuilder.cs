using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Takes locks and leases again.</summary>
internal static unsafe class FileLockBuilder
{
    private const short FromStart = 0; // SEEK_SET

    /// <summary>Takes the locks of ranges that belong to an open file; they name no process.</summary>
    public static void LockOpenFile(SafeFd fd, OpenFile image)
    {
        foreach (var held in image.Locks.Where(held => held.Kind == FileLock.Types.Kind.OpenFile))
        {
            if (LockRange(fd, held) < 0)
            {
                throw CannotLock(image, LastError.Get());
            }
        }
    }

    /// <summary>Takes the locks and leases of a process, in that process, and those of its open files that name it. Precondition: it has its descriptors and still all
    /// rights.</summary>
    /// <param name="process">The process.</param>
    /// <param name="table">Its descriptors.</param>
    /// <param name="files">Open files.</param>
    /// <param name="tables">Descriptors of all processes.</param>
    /// <param name="done">Locks that processes before took; added to.</param>
    public static void LockForProcess(
        RestoredProcess process,
        DescriptorTable table,
        IReadOnlyDictionary<uint, OpenFile> files,
        IEnumerable<DescriptorTable> tables,
        HashSet<(uint File, FileLock Lock)> done)
    {
        foreach (var descriptor in table.Descriptors)
        {
            var image = files[descriptor.OpenFile];
            foreach (var held in image.Locks.Where(held => IsOf(held, image, process, tables) && done.Add((image.Id, held))))
            {
                Lock(process, descriptor.Number, image, held);
            }
        }
    }

    private static bool IsOf(FileLock held, OpenFile image, RestoredProcess process, IEnumerable<DescriptorTable> tables) => held.Kind switch
    {
        FileLock.Types.Kind.Posix => held.Pid == process.Id.Value,
        // Of the open file; the process that took it may have ended, or closed it.
        FileLock.Types.Kind.Flock or FileLock.Types.Kind.Lease => held.Pid == process.Id.Value || !tables.Any(table => table.Pid == held.Pid && table.Descriptors.Any(entry => entry.OpenFile == image.Id)),
        _ => false,
    };

    private static void Lock(RestoredProcess process, int number, OpenFile image, FileLock held)
    {
        var path = image.Path.ToStringUtf8();
        try
        {
            switch (held.Kind)
            {
                case FileLock.Types.Kind.Flock:
                    process.Call($"flock of {path}", Sys.Flock, (ulong)number, (ulong)((held.IsWrite ? SpecialFile.LOCK_EX : SpecialFile.LOCK_SH) | SpecialFile.LOCK_NB));
                    break;
                case FileLock.Types.Kind.Lease:
                    process.Call($"fcntl(F_SETLEASE) of {path}", Sys.Fcntl, (ulong)number, FileFlag.F_SETLEASE, held.IsWrite ? (ulong)FileFlag.F_WRLCK : FileFlag.F_RDLCK);
                    if (held.IsBreaking)
                    {
                        Break(process, number, held, path);
                    }

                    break;
                default:
                    process.Memory.Write(process.Arguments, Range(held));
                    process.Call($"fcntl(F_SETLK) of {path}", Sys.Fcntl, (ulong)number, FileFlag.F_SETLK, process.Arguments.Address);
                    break;
            }
        }
        catch (LinuxException failure) when (failure.Errno is Errno.EAGAIN or Errno.EACCES)
        {
            throw CannotLock(image, failure.Errno);
        }
    }

    /// <summary>Opens the file as whoever waits for the lease to go has tried to. Nobody is told: the job was, before the dump, and who is to be told is set later.</summary>
    private static void Break(RestoredProcess process, int number, FileLock held, string path)
    {
        process.Memory.Write(process.Arguments, default(f_owner_ex));
        process.Call($"fcntl(F_SETOWN_EX) of {path}", Sys.Fcntl, (ulong)number, FileFlag.F_SETOWN_EX, process.Arguments.Address);
        using var opened = OwnFd.TryOpen(ProcFs.PathOf(process.Id, $"fd/{number}"), FileFlag.O_NONBLOCK | (held.BreaksToRead ? FileFlag.O_RDONLY : FileFlag.O_WRONLY));
        Invariant.Require(opened is null, $"the lease on {path} did not keep its file from being opened");
        if (LastError.Get() is not Errno.EAGAIN and var errno)
        {
            throw new LinuxException($"open of {path}, which is leased", errno);
        }
    }

    private static int LockRange(SafeFd fd, FileLock held)
    {
        var range = Range(held);
        return Libc.fcntl(fd.Number, FileFlag.F_OFD_SETLK, (nint)(&range));
    }

    private static flock Range(FileLock held) => new()
    {
        l_type = (short)(held.IsWrite ? FileFlag.F_WRLCK : FileFlag.F_RDLCK),
        l_whence = FromStart,
        l_start = held.Start,
        l_len = held.End < 0 ? 0 : held.End - held.Start + 1,
    };

    private static EngineException CannotLock(OpenFile image, Errno errno) => errno is Errno.EAGAIN or Errno.EACCES
        ? new EngineException(
            EngineFailure.WorldChanged, $"{image.Path.ToStringUtf8()} is locked by another process now; the job held a lock on it.", "end that process (see /proc/locks) and recover again")
        : new LinuxException($"locking {image.Path.ToStringUtf8()}", errno);
}
