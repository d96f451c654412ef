using System.Runtime.InteropServices;

namespace Checkpointer.Engine.Interop;

internal static unsafe partial class Libc
{
    /// <summary>shmget(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int shmget(int key, nuint size, int shmflg);

    /// <summary>shmat(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint shmat(int shmid, nint shmaddr, int shmflg);

    /// <summary>shmdt(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int shmdt(nint shmaddr);

    /// <summary>shmctl(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int shmctl(int shmid, int cmd, void* buf);

    /// <summary>semget(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int semget(int key, int nsems, int semflg);

    /// <summary>semctl(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int semctl(int semid, int semnum, int cmd, void* arg);

    /// <summary>msgget(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int msgget(int key, int msgflg);

    /// <summary>msgctl(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int msgctl(int msqid, int cmd, void* buf);

    /// <summary>msgsnd(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int msgsnd(int msqid, void* msgp, nuint msgsz, int msgflg);

    /// <summary>msgrcv(2).</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint msgrcv(int msqid, void* msgp, nuint msgsz, nint msgtyp, int msgflg);
}
