using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Refuses where the system has fewer huge pages left than the job's memory takes. Changes nothing.</summary>
internal static class HugePageCheck
{
    /// <summary>Throws WorldChanged with how many are missing.</summary>
    public static void Require(GenerationImages images)
    {
        var own = images.Processes.SelectMany(process => process.Space.Mappings)
            .Where(mapping => mapping is { HugePageBytes: > 0, SharedMemory: 0, IsShared: false } && !((VmaFlags)mapping.Flags).HasFlag(VmaFlags.NoReserve))
            .Select(mapping => (mapping.HugePageBytes, Bytes: mapping.End - mapping.Start));
        // What outlived the job has its pages.
        var left = images.SystemV.Segments.Count == 0 ? [] : SystemVTables.Segments().Select(segment => segment.Entry.Id).ToHashSet();
        var taken = images.SystemV.Segments.Where(segment => left.Contains(segment.Object.Id)).Select(segment => segment.SharedMemory).ToHashSet();
        var shared = images.Inventory.SharedMemory
            .Where(shared => shared.HugePageBytes > 0 && shared.Kind != SharedMemory.Types.Kind.File && !taken.Contains(shared.Id))
            .Select(shared => (shared.HugePageBytes, shared.Bytes));
        foreach (var size in own.Concat(shared).GroupBy(part => part.HugePageBytes, part => part.Bytes))
        {
            Require(size.Key, size.Sum(bytes => checked((long)((bytes + size.Key - 1) / size.Key))));
        }
    }

    private static void Require(ulong pageBytes, long wanted)
    {
        var available = HugePages.Available(pageBytes) ?? 0;
        if (available < wanted)
        {
            throw new EngineException(
                EngineFailure.WorldChanged,
                $"The job needs {wanted} huge pages of {pageBytes >> 10} KiB and the system has {Math.Max(available, 0)} left: {wanted - available} are missing.",
                $"raise /sys/kernel/mm/hugepages/hugepages-{pageBytes >> 10}kB/nr_hugepages by {wanted - available}");
        }
    }
}
