using System.Buffers.Binary;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>Finds files that are only known by their handles (open_by_handle_at(2)).</summary>
internal static class FileHandles
{
    private const int HeaderBytes = 8; // struct file_handle: size, type
    private const int HandleBytesMax = 128; // MAX_HANDLE_SZ

    /// <summary>The handle of a file, struct file_handle; empty where its file system has none.</summary>
    public static unsafe ByteString Of(string path)
    {
        var handle = new byte[HeaderBytes + HandleBytesMax];
        BinaryPrimitives.WriteInt32LittleEndian(handle, HandleBytesMax);
        fixed (byte* bytes = handle)
        {
            int mount;
            if (Libc.name_to_handle_at(FileFlag.AT_FDCWD, path, bytes, &mount, FileFlag.AT_SYMLINK_FOLLOW) < 0)
            {
                return ByteString.Empty;
            }
        }

        return ByteString.CopyFrom(handle, 0, HeaderBytes + BinaryPrimitives.ReadInt32LittleEndian(handle));
    }

    /// <summary>Opens a file by its handle; null where it is gone.</summary>
    /// <param name="onSameFileSystem">A path of its file system.</param>
    /// <param name="handle">struct file_handle.</param>
    /// <param name="flags">O_*.</param>
    public static unsafe SafeFd? TryOpen(string onSameFileSystem, ReadOnlySpan<byte> handle, int flags)
    {
        using var fileSystem = OwnFd.TryOpen(onSameFileSystem, FileFlag.O_RDONLY);
        if (fileSystem is null)
        {
            return null;
        }

        fixed (byte* bytes = handle)
        {
            var number = Libc.open_by_handle_at(fileSystem.Number, bytes, flags | FileFlag.O_CLOEXEC);
            return number < 0 ? null : new SafeFd(number);
        }
    }

    /// <summary>The path, or null where the file has none or cannot be found by handle.</summary>
    public static string? TryPath(Proc.InotifyWatch watch)
    {
        var mounts = ProcFs.TryMounts(new ProcessId(Environment.ProcessId)) ?? [];
        return mounts.Where(mount => FileStat.DeviceOf(mount.Major, mount.Minor) == watch.Device)
            .Select(mount => TryPath(mount.MountPoint, watch)).FirstOrDefault(path => path is not null);
    }

    private static string? TryPath(string mountPoint, Proc.InotifyWatch watch)
    {
        var handle = new byte[HeaderBytes + watch.Handle.Length];
        BinaryPrimitives.WriteInt32LittleEndian(handle, watch.Handle.Length);
        BinaryPrimitives.WriteInt32LittleEndian(handle.AsSpan(sizeof(int)), watch.HandleType);
        watch.Handle.CopyTo(handle, HeaderBytes);
        using var file = TryOpen(mountPoint, handle, FileFlag.O_PATH);
        if (file is null)
        {
            return null;
        }

        return ProcFs.ReadLink(file.Path) is { } path && FileStat.Of(file.Path).IsAt(path) ? path : null;
    }
}
