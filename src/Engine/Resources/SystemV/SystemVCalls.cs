using System.Globalization;
using System.Runtime.InteropServices;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Kinds of System V objects.</summary>
internal enum SystemVKind
{
    /// <summary>Shared memory.</summary>
    Segment,

    /// <summary>A set of semaphores.</summary>
    Semaphores,

    /// <summary>A message queue.</summary>
    Queue,
}

/// <summary>Calls of our own on System V objects.</summary>
internal static unsafe class SystemVCalls
{
    private const int TypeBytes = sizeof(long); // struct msgbuf: mtype before the text

    /// <summary>A segment, open as the file that it is; attached only for as long as that takes.</summary>
    /// <param name="id">Its ID.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="flags">O_RDONLY or O_RDWR.</param>
    public static SafeFd OpenSegment(int id, ulong bytes, int flags)
    {
        var address = Libc.shmat(id, 0, flags == FileFlag.O_RDONLY ? SystemVIpc.SHM_RDONLY : 0);
        LinuxException.ThrowIfFailed(address, $"shmat({id})");
        try
        {
            var mapping = ProcFs.Maps(new ProcessId(Libc.getpid())).First(vma => vma.Start == (ulong)address);
            Invariant.Require(mapping.Bytes >= bytes, $"segment {id} is shorter than it was");
            return OwnFd.OfMapping(mapping.Start, mapping.End, flags);
        }
        finally
        {
            _ = Libc.shmdt(address);
        }
    }

    /// <summary>Removes a segment, or marks it for removal where it is attached.</summary>
    public static void RemoveSegment(int id) => LinuxException.ThrowIfFailed(Libc.shmctl(id, SystemVIpc.IPC_RMID, null), $"shmctl({id}, IPC_RMID)");

    /// <summary>Removes an object of any kind; it may be gone already.</summary>
    public static void TryRemove(SystemVKind kind, int id)
    {
        var result = kind switch
        {
            SystemVKind.Segment => Libc.shmctl(id, SystemVIpc.IPC_RMID, null),
            SystemVKind.Semaphores => Libc.semctl(id, 0, SystemVIpc.IPC_RMID, null),
            _ => Libc.msgctl(id, SystemVIpc.IPC_RMID, null),
        };
        if (result < 0)
        {
            _ = IsGone($"removal of System V object {id}");
        }
    }

    /// <summary>Keeps a segment in memory.</summary>
    public static void LockSegment(int id) => LinuxException.ThrowIfFailed(Libc.shmctl(id, SystemVIpc.SHM_LOCK, null), $"shmctl({id}, SHM_LOCK)");

    /// <summary>Sets owner and mode of a segment, and the time of its last change to now.</summary>
    public static void SetSegment(SystemVObject image)
    {
        msqid64_ds state = default;
        LinuxException.ThrowIfFailed(Libc.shmctl(image.Id, SystemVIpc.IPC_STAT, &state), $"shmctl({image.Id}, IPC_STAT)");
        SetRights(ref state, image);
        LinuxException.ThrowIfFailed(Libc.shmctl(image.Id, SystemVIpc.IPC_SET, &state), $"shmctl({image.Id}, IPC_SET)");
    }

    /// <summary>Makes a set of semaphores.</summary>
    /// <returns>Its ID, which the kernel may have chosen otherwise.</returns>
    public static int MakeSemaphores(SystemVObject image, int count)
    {
        AskForId("sem", image.Id);
        var id = Libc.semget(image.Key, count, MakingFlags);
        LinuxException.ThrowIfFailed(id, $"semget(0x{image.Key:x8})");
        return id;
    }

    /// <summary>Sets owner and mode of a set of semaphores.</summary>
    public static void SetSemaphores(SystemVObject image)
    {
        msqid64_ds state = default;
        LinuxException.ThrowIfFailed(Libc.semctl(image.Id, 0, SystemVIpc.IPC_STAT, &state), $"semctl({image.Id}, IPC_STAT)");
        SetRights(ref state, image);
        LinuxException.ThrowIfFailed(Libc.semctl(image.Id, 0, SystemVIpc.IPC_SET, &state), $"semctl({image.Id}, IPC_SET)");
    }

    /// <summary>All values of a set; null where it was removed.</summary>
    public static ushort[]? TryValues(int id, int count)
    {
        var values = new ushort[count];
        fixed (ushort* first = values)
        {
            return Libc.semctl(id, 0, SystemVIpc.GETALL, first) == 0 || !IsGone($"semctl({id}, GETALL)") ? values : null;
        }
    }

    /// <summary>Sets all values of a set.</summary>
    public static void SetValues(int id, ushort[] values)
    {
        fixed (ushort* first = values)
        {
            LinuxException.ThrowIfFailed(Libc.semctl(id, 0, SystemVIpc.SETALL, first), $"semctl({id}, SETALL)");
        }
    }

    /// <summary>One number that semctl(2) tells of a semaphore; null where the set was removed.</summary>
    public static int? TryAsk(int id, int number, int command)
    {
        var result = Libc.semctl(id, number, command, null);
        return result >= 0 || !IsGone($"semctl({id}, {command})") ? result : null;
    }

    /// <summary>Makes a queue.</summary>
    /// <returns>Its ID, which the kernel may have chosen otherwise.</returns>
    public static int MakeQueue(SystemVObject image)
    {
        AskForId("msg", image.Id);
        var id = Libc.msgget(image.Key, MakingFlags);
        LinuxException.ThrowIfFailed(id, $"msgget(0x{image.Key:x8})");
        return id;
    }

    /// <summary>How many bytes of messages a queue may hold; null where it was removed.</summary>
    public static ulong? TryQueueBytesMax(int id)
    {
        msqid64_ds state = default;
        return Libc.msgctl(id, SystemVIpc.IPC_STAT, &state) == 0 || !IsGone($"msgctl({id}, IPC_STAT)") ? state.msg_qbytes : null;
    }

    /// <summary>Sets owner, mode and size of a queue.</summary>
    public static void SetQueue(SystemVObject image, ulong bytesMax)
    {
        msqid64_ds state = default;
        LinuxException.ThrowIfFailed(Libc.msgctl(image.Id, SystemVIpc.IPC_STAT, &state), $"msgctl({image.Id}, IPC_STAT)");
        SetRights(ref state, image);
        state.msg_qbytes = bytesMax;
        LinuxException.ThrowIfFailed(Libc.msgctl(image.Id, SystemVIpc.IPC_SET, &state), $"msgctl({image.Id}, IPC_SET)");
    }

    /// <summary>A message, which stays in the queue; null behind the last.</summary>
    /// <param name="id">The queue.</param>
    /// <param name="index">Which message, from 0.</param>
    /// <param name="buffer">Grown as needed.</param>
    public static SystemVMessage? TryPeek(int id, int index, ref byte[] buffer) =>
        TryReceive(id, index, SystemVIpc.MSG_COPY | SystemVIpc.IPC_NOWAIT, ref buffer);

    /// <summary>Takes all messages out of a queue.</summary>
    public static void Empty(int id)
    {
        var buffer = new byte[TypeBytes];
        while (TryReceive(id, 0, SystemVIpc.IPC_NOWAIT, ref buffer) is not null)
        {
        }
    }

    /// <summary>Appends a message.</summary>
    public static void Send(int id, SystemVMessage message)
    {
        var buffer = new byte[TypeBytes + message.Text.Length];
        MemoryMarshal.Write(buffer, message.Type);
        message.Text.CopyTo(buffer, TypeBytes);
        fixed (byte* bytes = buffer)
        {
            LinuxException.ThrowIfFailed(Libc.msgsnd(id, bytes, (nuint)message.Text.Length, SystemVIpc.IPC_NOWAIT), $"msgsnd({id}) of {message.Text.Length} bytes");
        }
    }

    /// <summary>Has the next object of a kind get an ID (CONFIG_CHECKPOINT_RESTORE).</summary>
    public static void AskForId(string kind, int id)
    {
        var path = $"/proc/sys/kernel/{kind}_next_id";
        try
        {
            File.WriteAllText(path, id.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(
                EngineFailure.NotPermitted, $"A System V object cannot be given its ID {id}: {path} cannot be written.", "run as root, with CAP_CHECKPOINT_RESTORE, on a kernel with CONFIG_CHECKPOINT_RESTORE", exception);
        }
    }

    private const int MakingFlags = SystemVIpc.IPC_CREAT | SystemVIpc.IPC_EXCL | 0x180; // 0600 until the rights are set

    private static SystemVMessage? TryReceive(int id, nint typeOrIndex, int flags, ref byte[] buffer)
    {
        while (true)
        {
            nint length;
            fixed (byte* bytes = buffer)
            {
                length = Libc.msgrcv(id, bytes, (nuint)(buffer.Length - TypeBytes), typeOrIndex, flags);
            }

            if (length >= 0)
            {
                return new SystemVMessage
                {
                    Type = MemoryMarshal.Read<long>(buffer),
                    Text = Google.Protobuf.ByteString.CopyFrom(buffer, TypeBytes, (int)length),
                };
            }

            var errno = LastError.Get();
            if (errno == Errno.ENOMSG || (errno != Errno.E2BIG && IsGone($"msgrcv({id})")))
            {
                return null;
            }

            buffer = new byte[buffer.Length * 2];
        }
    }

    private static void SetRights(ref msqid64_ds state, SystemVObject image)
    {
        const uint PermissionBits = 0x1ff;
        state.msg_perm.uid = image.Owner;
        state.msg_perm.gid = image.Group;
        state.msg_perm.mode = image.Mode & PermissionBits;
    }

    /// <summary>True where the call just made failed because the object is gone; throws where it failed otherwise.</summary>
    private static bool IsGone(string call) =>
        LastError.Get() is var errno && errno is Errno.EINVAL or Errno.EIDRM ? true : throw new LinuxException(call, errno);
}
