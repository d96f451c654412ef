using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Dump;

/// <summary>What changes with every write(2) to a file.</summary>
/// <param name="Bytes">Size.</param>
/// <param name="ModifiedNs">Modification time; a process may set it.</param>
/// <param name="ChangedNs">Change time; nobody can set it.</param>
internal readonly record struct FileStamp(ulong Bytes, long ModifiedNs, long ChangedNs)
{
    /// <summary>
    /// The kernel gives times of its last clock tick, 10 ms at the most (CONFIG_HZ=100); Linux 6.13 is finer where somebody looks. A write so soon after a look may leave the
    /// same time behind.
    /// </summary>
    private const long TickNs = 20_000_000;

    /// <summary>Of a file.</summary>
    public static FileStamp Of(in FileStat stat) => new(stat.Bytes, stat.ModifiedNs, stat.ChangedNs);

    /// <summary>True where a write after a time would have changed the stamp.</summary>
    /// <param name="lookedAtNs">When the file was looked at, since the epoch.</param>
    public bool IsSettled(long lookedAtNs) => lookedAtNs - Math.Max(ModifiedNs, ChangedNs) > TickNs;
}
