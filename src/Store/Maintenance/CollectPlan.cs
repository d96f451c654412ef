using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Maintenance;

/// <summary>A pack that shall go.</summary>
/// <param name="Row">The pack.</param>
/// <param name="LiveChunks">Chunks of it that generations need, which are to be copied before.</param>
internal sealed record DoomedPack(PackRow Row, int LiveChunks);

/// <summary>What a collection would do, from marks that are complete.</summary>
internal sealed class CollectPlan
{
    /// <summary>A pack that is smaller than this part of a full one is small.</summary>
    private const int SmallDivisor = 64;

    /// <summary>So many small packs are put together: each dump adds one, and opening a store without an index, or verifying it, opens all.</summary>
    private const int SmallMax = 64;

    private CollectPlan(IReadOnlyList<DoomedPack> doomed, long liveBytes, long deadBytes)
    {
        Doomed = doomed;
        LiveBytes = liveBytes;
        DeadBytes = deadBytes;
    }

    /// <summary>Packs that shall go, the oldest first.</summary>
    public IReadOnlyList<DoomedPack> Doomed { get; }

    /// <summary>Bytes of packs that are needed.</summary>
    public long LiveBytes { get; }

    /// <summary>The other bytes.</summary>
    public long DeadBytes { get; }

    /// <summary>Decides.</summary>
    public static CollectPlan Make(StoreContext store, IReadOnlyList<PackRow> packs, ChunkMarks marks, double repackShare)
    {
        var doomed = new List<DoomedPack>();
        var small = new List<DoomedPack>();
        long liveBytes = 0;
        long deadBytes = 0;
        foreach (var row in packs.Where(row => !row.IsLedger))
        {
            var (bytes, chunks) = marks.Live(row.Key);
            var live = chunks == 0 ? 0 : Math.Min(row.Bytes, PackFormat.HeaderBytes + bytes + PackTrailer.BytesFor(chunks));
            liveBytes += live;
            deadBytes += row.Bytes - live;
            var pack = new DoomedPack(row, chunks);
            if (chunks == 0 || (row.Bytes > live && row.Bytes - live >= repackShare * row.Bytes))
            {
                doomed.Add(pack);
            }
            else if (row.Bytes < store.Options.PackBytesMax / SmallDivisor)
            {
                small.Add(pack);
            }
        }

        var together = small.Count > SmallMax ? doomed.Concat(small) : doomed;
        return new CollectPlan([.. together.OrderBy(pack => pack.Row.Key)], liveBytes, deadBytes);
    }

    /// <summary>The packs in groups, each small enough to be exchanged in one transaction.</summary>
    public IEnumerable<IReadOnlyList<DoomedPack>> Rounds(int chunksMax)
    {
        var round = new List<DoomedPack>();
        long chunks = 0;
        foreach (var pack in Doomed)
        {
            if (round.Count > 0 && chunks + pack.Row.Chunks > chunksMax)
            {
                yield return round;
                (round, chunks) = ([], 0);
            }

            round.Add(pack);
            chunks += pack.Row.Chunks;
        }

        if (round.Count > 0)
        {
            yield return round;
        }
    }
}
