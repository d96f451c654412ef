using System.Globalization;
using System.Numerics;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Support;

/// <summary>Huge pages of hugetlbfs: how they are asked for, and how many there are. Transparent ones: how they are joined.</summary>
internal static unsafe class HugePages
{
    private const string TransparentSetting = "/sys/kernel/mm/transparent_hugepage/enabled";
    private const int SizeShift = Memory.MAP_HUGE_SHIFT;

    /// <summary>The flag with the size of pages for mmap(2), memfd_create(2) or shmget(2); 0 where the size is 0: no huge pages.</summary>
    public static uint Flag(ulong pageBytes, int flag) => pageBytes == 0 ? 0 : (uint)flag | ((uint)BitOperations.Log2(pageBytes) << SizeShift);

    /// <summary>Size of the huge pages that a file is made of; 0 where it is not.</summary>
    public static ulong BytesOf(string path)
    {
        statfs64_t fileSystem = default;
        return Libc.statfs64(path, &fileSystem) == 0 && fileSystem.f_type == FileFlag.HUGETLBFS_MAGIC ? (ulong)fileSystem.f_bsize : 0;
    }

    /// <summary>How many pages of a size can still be had; null where the kernel has none of that size.</summary>
    public static long? Available(ulong pageBytes)
    {
        var directory = string.Create(CultureInfo.InvariantCulture, $"/sys/kernel/mm/hugepages/hugepages-{pageBytes >> 10}kB");
        return Directory.Exists(directory)
            ? Number(directory, "free_hugepages") - Number(directory, "resv_hugepages") + Number(directory, "nr_overcommit_hugepages") - Number(directory, "surplus_hugepages")
            : null;
    }

    /// <summary>True where the kernel gives transparent huge pages to all that do not refuse them, and not only to who asks.</summary>
    public static bool AreForAll => File.Exists(TransparentSetting) && File.ReadAllText(TransparentSetting).Contains("[always]", StringComparison.Ordinal);

    /// <summary>Has the kernel (Linux 6.1) join the pages of another process into transparent huge pages, where it can: not where a page is write-protected or missing, or no huge
    /// page is free. None of that hurts.</summary>
    public static void TryJoin(SafeFd pidfd, ulong start, ulong bytes)
    {
        iovec vector = new() { iov_base = (nint)start, iov_len = (nuint)bytes };
        _ = Libc.syscall((nint)Sys.ProcessMadvise, pidfd.Number, (nint)(&vector), 1, Memory.MADV_COLLAPSE, 0);
    }

    /// <summary>Empties an object in huge pages.</summary>
    public static void Empty(SafeFd fd, ulong bytes, string name) => LinuxException.ThrowIfFailed(
        Libc.fallocate64(fd.Number, FileFlag.FALLOC_FL_PUNCH_HOLE | FileFlag.FALLOC_FL_KEEP_SIZE, 0, (long)bytes), $"fallocate of {name}");

    private static long Number(string directory, string name) => long.Parse(File.ReadAllText(Path.Combine(directory, name)), CultureInfo.InvariantCulture);
}
