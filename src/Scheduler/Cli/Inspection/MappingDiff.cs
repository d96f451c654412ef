using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli.Inspection;

/// <summary>What changed in the memory of one process: mappings that came or went, and of the others how many bytes, and where.</summary>
/// <param name="pid">The process.</param>
/// <param name="before">Its mappings, ascending.</param>
/// <param name="after">Its mappings later, ascending.</param>
/// <param name="changesOf">Compares contents.</param>
internal sealed class MappingDiff(
    int pid, IReadOnlyList<MappingDescription> before, IReadOnlyList<MappingDescription> after, ContentChanges changesOf)
{
    /// <summary>Ranges that are listed of one mapping; a job that writes every second page has millions.</summary>
    private const int RangesMax = 1000;

    /// <summary>Compares.</summary>
    public IEnumerable<MappingChangeLine> Run()
    {
        foreach (MappingDescription mapping in after)
        {
            MappingDescription? old = before.FirstOrDefault(candidate => IsSame(candidate, mapping));
            RangeLine[] ranges = [.. Within(mapping)];
            string? change = old is null ? "mapped" : old.Start != mapping.Start || old.End != mapping.End ? "resized" : old.Access != mapping.Access ? "protected" : null;
            if (change is not null || ranges.Length > 0)
            {
                yield return ToLine(change ?? "written", mapping, ranges);
            }
        }

        foreach (MappingDescription mapping in before.Where(mapping => !after.Any(candidate => IsSame(mapping, candidate))))
        {
            yield return ToLine("unmapped", mapping, []);
        }
    }

    // The heap grows at its end, a stack at its beginning.
    private static bool IsSame(MappingDescription one, MappingDescription other)
        => one.Kind == other.Kind && one.Name == other.Name && one.Start < other.End && other.Start < one.End;

    private IEnumerable<RangeLine> Within(MappingDescription mapping)
    {
        ulong end = mapping.ContentOffset + mapping.Bytes;
        foreach (ChangedRange range in changesOf(mapping.Content))
        {
            ulong from = Math.Max(range.Offset, mapping.ContentOffset);
            ulong to = Math.Min(range.End, end);
            if (from < to)
            {
                yield return new RangeLine(
                    MappingLine.Address(mapping.Start + (from - mapping.ContentOffset)), MappingLine.Address(mapping.Start + (to - mapping.ContentOffset)));
            }
        }
    }

    private MappingChangeLine ToLine(string change, MappingDescription mapping, RangeLine[] ranges)
        => new(
            pid, change, MappingLine.Address(mapping.Start), MappingLine.Address(mapping.End), mapping.Access, mapping.Name,
            ranges.Aggregate(0UL, (sum, range) => sum + Length(range)), ranges.Length, [.. ranges.Take(RangesMax)]);

    private static ulong Length(RangeLine range)
        => Convert.ToUInt64(range.End, 16) - Convert.ToUInt64(range.Start, 16);
}
