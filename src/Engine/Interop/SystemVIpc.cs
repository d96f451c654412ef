using System.Runtime.InteropServices;

namespace Checkpointer.Engine.Interop;

/// <summary>sysvipc(7), shmop(2), semop(2), msgop(2).</summary>
internal static class SystemVIpc
{
    internal const int IPC_CREAT = 0x200;
    internal const int IPC_EXCL = 0x400;
    internal const int IPC_NOWAIT = 0x800;
    internal const int IPC_RMID = 0;
    internal const int IPC_SET = 1;
    internal const int IPC_STAT = 2;
    internal const int GETPID = 11;
    internal const int GETALL = 13;
    internal const int GETNCNT = 14;
    internal const int GETZCNT = 15;
    internal const int SETVAL = 16;
    internal const int SETALL = 17;
    internal const int SEM_UNDO = 0x1000;
    internal const int SEMVMX = 32767;
    internal const int SHM_RDONLY = 0x1000;
    internal const int SHM_HUGETLB = 0x800;
    internal const int SHM_HUGE_SHIFT = 26;
    internal const int SHM_DEST = 0x200;
    internal const int SHM_LOCKED = 0x400;
    internal const int SHM_LOCK = 11;
    internal const int MSG_COPY = 0x4000;
}

/// <summary>What the structures of all three kinds begin with, asm-generic/ipcbuf.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ipc64_perm
{
    internal int key;
    internal uint uid;
    internal uint gid;
    internal uint cuid;
    internal uint cgid;
    internal uint mode;
    internal ushort seq;
    internal ushort __pad2;
    internal ulong __unused1;
    internal ulong __unused2;
}

/// <summary>State of a message queue, asm-generic/msgbuf.h. The longest of the three structures that msgctl(2), semctl(2) and shmctl(2) copy.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct msqid64_ds
{
    internal ipc64_perm msg_perm;
    internal long msg_stime;
    internal long msg_rtime;
    internal long msg_ctime;
    internal ulong msg_cbytes;
    internal ulong msg_qnum;
    internal ulong msg_qbytes;
    internal int msg_lspid;
    internal int msg_lrpid;
    internal ulong __unused4;
    internal ulong __unused5;
}

/// <summary>One operation of semop(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct sembuf
{
    internal ushort sem_num;
    internal short sem_op;
    internal short sem_flg;
}
