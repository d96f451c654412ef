using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>What file systems can be trusted with, statfs(2).</summary>
internal static unsafe class FileSystems
{
    /// <summary>True where times of files change with each write that this host makes, to the tick: not over a network, where servers and caches have
    /// their own, and not where times are of seconds.</summary>
    public static bool HasExactTimes(SafeFd fd, string name)
    {
        statfs64_t fileSystem = default;
        LinuxException.ThrowIfFailed(Libc.statfs64(fd.Path, &fileSystem), $"statfs of {name}");
        return fileSystem.f_type is not (
            FileSystem.NFS_SUPER_MAGIC or FileSystem.SMB_SUPER_MAGIC or FileSystem.CIFS_SUPER_MAGIC or FileSystem.SMB2_SUPER_MAGIC or FileSystem.FUSE_SUPER_MAGIC
            or FileSystem.CEPH_SUPER_MAGIC or FileSystem.OCFS2_SUPER_MAGIC or FileSystem.AFS_SUPER_MAGIC or FileSystem.V9FS_MAGIC or FileSystem.MSDOS_SUPER_MAGIC);
    }

    /// <summary>Kind of the file system of a path, one of <see cref="FileSystem"/>; 0 where the path is gone.</summary>
    public static long TypeOf(string path)
    {
        statfs64_t fileSystem = default;
        return Libc.statfs64(path, &fileSystem) == 0 ? fileSystem.f_type : 0;
    }

    /// <summary>Bytes that can still be written to the file system of a path; null where the path is gone.</summary>
    public static ulong? FreeBytes(string path)
    {
        statfs64_t fileSystem = default;
        return Libc.statfs64(path, &fileSystem) == 0 ? fileSystem.f_bavail * (ulong)fileSystem.f_bsize : null;
    }
}
