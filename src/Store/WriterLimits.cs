namespace Checkpointer.Store;

/// <summary>What the writer of one generation may use, in place of what <see cref="StoreOptions"/> say.</summary>
/// <param name="Nice">Nice level of its threads, 0 to 19; null: <see cref="StoreOptions.Nice"/>.</param>
/// <param name="Workers">Threads that hash and compress, from 1; null: <see cref="StoreOptions.Workers"/>.</param>
public sealed record WriterLimits(int? Nice = null, int? Workers = null)
{
    /// <summary>As the options say.</summary>
    public static WriterLimits Default { get; } = new();
}
