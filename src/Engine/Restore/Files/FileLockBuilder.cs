using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Takes locks and leases again.</summary>
internal static unsafe class FileLockBuilder
{
    private const short FromStart = 0; // SEEK_SET

    /// <summary>Takes the locks that belong to an open file.</summary>
    public static void LockOpenFile(SafeFd fd, OpenFile image)
    {
        foreach (var held in image.Locks)
        {
            var failed = held.Kind switch
            {
                FileLock.Types.Kind.Flock => Libc.flock_file(fd.Number, (held.IsWrite ? SpecialFile.LOCK_EX : SpecialFile.LOCK_SH) | SpecialFile.LOCK_NB) < 0,
                FileLock.Types.Kind.OpenFile => LockRange(fd, held) < 0,
                _ => false,
            };
            if (failed)
            {
                throw CannotLock(image, LastError.Get());
            }
        }
    }

    /// <summary>Takes the locks and leases of a process, in that process. Precondition: it has its descriptors and still all rights.</summary>
    public static void LockForProcess(RestoredProcess process, DescriptorTable table, IReadOnlyDictionary<uint, OpenFile> files)
    {
        var done = new HashSet<(uint, FileLock)>();
        foreach (var descriptor in table.Descriptors)
        {
            var image = files[descriptor.OpenFile];
            foreach (var held in image.Locks.Where(held => IsOf(held, process) && done.Add((image.Id, held))))
            {
                Lock(process, descriptor.Number, image, held);
            }
        }
    }

    private static bool IsOf(FileLock held, RestoredProcess process) =>
        held.Kind is FileLock.Types.Kind.Posix or FileLock.Types.Kind.Lease && held.Pid == process.Id.Value;

    private static void Lock(RestoredProcess process, int number, OpenFile image, FileLock held)
    {
        if (held.Kind == FileLock.Types.Kind.Lease)
        {
            process.Call($"fcntl(F_SETLEASE) of {image.Path.ToStringUtf8()}", Sys.Fcntl, (ulong)number, FileFlag.F_SETLEASE, held.IsWrite ? (ulong)FileFlag.F_WRLCK : FileFlag.F_RDLCK);
            return;
        }

        process.Memory.Write(process.Arguments, Range(held));
        process.Call($"fcntl(F_SETLK) of {image.Path.ToStringUtf8()}", Sys.Fcntl, (ulong)number, FileFlag.F_SETLK, process.Arguments.Address);
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
