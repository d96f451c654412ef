namespace Checkpointer.Engine.Proc;

/// <summary>One descriptor as in /proc/PID/fdinfo/FD (man 5 proc_pid_fdinfo).</summary>
/// <param name="Position">Offset of the open file in bytes.</param>
/// <param name="Flags">O_* of open(2), with O_CLOEXEC (octal 02000000) where the descriptor has it.</param>
/// <param name="MountId">Mount of the file, a first field of mountinfo; null before Linux 3.15.</param>
/// <param name="Inode">Inode number; null before Linux 5.14.</param>
/// <param name="Special">All other lines, which only special files have (<c>eventfd-count: ...</c>, <c>tfd: ...</c>).</param>
/// <param name="Locks">The <c>lock:</c> lines without their key: locks and leases held through this open file.</param>
internal sealed record FdInfo(long Position, int Flags, int? MountId, ulong? Inode, IReadOnlyList<string> Locks, IReadOnlyList<string> Special);
