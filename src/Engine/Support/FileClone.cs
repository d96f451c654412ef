using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>Files without a name that share the blocks of another until one of them is written (ioctl_ficlone(2)): XFS and Btrfs have them.</summary>
internal static class FileClone
{
    private const uint OnlyForUs = 0x180; // 0600

    /// <summary>A clone of a file as it is now; null where its file system has none. The kernel writes what is not on disk yet first.</summary>
    /// <param name="fd">The file.</param>
    /// <param name="path">Its name: the clone lives in the same directory until it is closed.</param>
    public static SafeFd? TryMake(SafeFd fd, string path)
    {
        var number = Libc.open(Path.GetDirectoryName(path)!, FileFlag.O_RDWR | FileFlag.O_TMPFILE | FileFlag.O_CLOEXEC, OnlyForUs);
        if (number < 0)
        {
            return null;
        }

        var clone = new SafeFd(number);
        if (Libc.ioctl(number, CloneRequest.FICLONE, fd.Number) == 0)
        {
            return clone;
        }

        clone.Dispose();
        return null;
    }
}
