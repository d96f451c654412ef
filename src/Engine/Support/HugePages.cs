using System.Numerics;

namespace Checkpointer.Engine.Support;

/// <summary>How mmap(2), memfd_create(2) and shmget(2) are asked for huge pages of a size.</summary>
internal static class HugePages
{
    private const int SizeShift = 26; // HUGETLB_FLAG_ENCODE_SHIFT

    /// <summary>The flag with the size; 0 where the size is 0: no huge pages.</summary>
    public static uint Flag(ulong pageBytes, int flag) => pageBytes == 0 ? 0 : (uint)flag | ((uint)BitOperations.Log2(pageBytes) << SizeShift);
}
