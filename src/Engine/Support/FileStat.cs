using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>What statx(2) says of a file, in the units that images use.</summary>
/// <param name="Mode">Type and permission bits.</param>
/// <param name="Inode">Inode number.</param>
/// <param name="Device">File system, major &lt;&lt; 32 | minor.</param>
/// <param name="DeviceNode">Device that a device node stands for, major &lt;&lt; 32 | minor.</param>
/// <param name="Bytes">Size.</param>
/// <param name="ModifiedNs">Modification time, ns since the epoch.</param>
/// <param name="Owner">User ID.</param>
/// <param name="Group">Group ID.</param>
/// <param name="Links">Names that it has.</param>
/// <param name="AccessedNs">Access time, ns since the epoch.</param>
/// <param name="ChangedNs">Time of the last change of contents or inode, ns since the epoch; nobody can set it.</param>
/// <param name="BornNs">When it was made, ns since the epoch; 0 where the file system does not know.</param>
/// <param name="AllocatedBytes">Bytes of its blocks.</param>
internal readonly record struct FileStat(
    int Mode, ulong Inode, ulong Device, ulong DeviceNode, ulong Bytes, long ModifiedNs, uint Owner, uint Group, uint Links, long AccessedNs,
    long ChangedNs = 0, long BornNs = 0, ulong AllocatedBytes = 0)
{
    private const int PermissionBits = 0xfff;
    private const ulong BlockBytes = 512; // of stx_blocks, statx(2)

    /// <summary>Permission bits of the mode.</summary>
    public uint Permissions => (uint)(Mode & PermissionBits);

    /// <summary>S_IF* part of the mode.</summary>
    public int Type => Mode & FileFlag.S_IFMT;

    /// <summary>True where both are one file.</summary>
    public bool IsSameFile(in FileStat other) => Inode == other.Inode && Device == other.Device;

    /// <summary>True where a path leads to this very file, not to a link to it.</summary>
    public bool IsAt(string path) => TryOf(path, followsLinks: false) is { } named && named.IsSameFile(this);

    /// <summary>A device number in the form of images.</summary>
    public static ulong DeviceOf(uint major, uint minor) => ((ulong)major << 32) | minor;

    /// <summary>Null where there is no such file.</summary>
    public static unsafe FileStat? TryOf(string path, bool followsLinks = true)
    {
        statx_t buffer = default;
        if (Libc.statx(FileFlag.AT_FDCWD, path, followsLinks ? 0 : FileFlag.AT_SYMLINK_NOFOLLOW, FileFlag.STATX_BASIC_STATS | FileFlag.STATX_BTIME, &buffer) == 0)
        {
            return From(buffer);
        }

        return LastError.Get() is Errno.ENOENT or Errno.ENOTDIR or Errno.ESRCH
            ? null
            : throw new LinuxException($"statx of {path}", LastError.Get());
    }

    /// <summary>Follows symbolic links; a missing file is an error.</summary>
    public static FileStat Of(string path) => TryOf(path) ?? throw new LinuxException($"statx of {path}", Errno.ENOENT);

    private static FileStat From(in statx_t raw) => new(
        raw.stx_mode,
        raw.stx_ino,
        DeviceOf(raw.stx_dev_major, raw.stx_dev_minor),
        DeviceOf(raw.stx_rdev_major, raw.stx_rdev_minor),
        raw.stx_size,
        Nanoseconds(raw.stx_mtime),
        raw.stx_uid,
        raw.stx_gid,
        raw.stx_nlink,
        Nanoseconds(raw.stx_atime),
        Nanoseconds(raw.stx_ctime),
        (raw.stx_mask & FileFlag.STATX_BTIME) != 0 ? Nanoseconds(raw.stx_btime) : 0,
        raw.stx_blocks * BlockBytes);

    private static long Nanoseconds(in statx_timestamp time) => (time.tv_sec * ClockTime.NanosecondsPerSecond) + time.tv_nsec;
}
