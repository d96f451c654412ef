namespace Checkpointer.Engine.Tracking;

/// <summary>A private mapping whose pages may be the process's own.</summary>
/// <param name="Range">Addresses.</param>
/// <param name="HasFile">True where pages that were never written are a file's.</param>
/// <param name="IsForked">False where a child of fork(2) would not have its contents for sure (MADV_DONTFORK, MADV_WIPEONFORK, MAP_HUGETLB).</param>
/// <param name="IsWritable">False where the process may not write now.</param>
/// <param name="IsHugeTlb">True for memory from the pool of huge pages.</param>
internal readonly record struct PrivateMapping(PageRange Range, bool HasFile, bool IsForked, bool IsWritable = true, bool IsHugeTlb = false);
