using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli.Inspection;

/// <summary>Pages of a content that differ between the two generations.</summary>
/// <param name="content">Its name.</param>
internal delegate IReadOnlyList<ChangedRange> ContentChanges(string content);

/// <summary>What changed between two generations, from what each says of itself and from the pages that differ. Each content is compared once.</summary>
/// <param name="before">The one.</param>
/// <param name="after">The other.</param>
/// <param name="changesOf">Compares contents.</param>
internal sealed class GenerationDiff(JobDescription before, JobDescription after, ContentChanges changesOf)
{
    private readonly Dictionary<string, IReadOnlyList<ChangedRange>> _changes = new(StringComparer.Ordinal);

    /// <summary>Compares.</summary>
    public DiffLine Run(string nameBefore, string nameAfter)
    {
        var processes = Processes().ToList();
        var memory = Pairs().SelectMany(pair => new MappingDiff(pair.Pid, pair.Before?.Mappings ?? [], pair.After?.Mappings ?? [], Changes).Run()).ToList();
        var descriptors = Pairs().SelectMany(Descriptors).ToList();
        var files = Files().ToList();
        ulong changed = MemoryContents().Aggregate(0UL, (sum, content) => sum + Sum(Changes(content)));
        bool isSame = processes.Count + memory.Count + descriptors.Count + files.Count == 0 && changed == 0;
        return new DiffLine(nameBefore, nameAfter, isSame, changed, processes, memory, descriptors, files);
    }

    private IReadOnlyList<ChangedRange> Changes(string content)
    {
        if (!_changes.TryGetValue(content, out IReadOnlyList<ChangedRange>? ranges))
        {
            ranges = changesOf(content);
            _changes.Add(content, ranges);
        }

        return ranges;
    }

    private IEnumerable<(int Pid, ProcessDescription? Before, ProcessDescription? After)> Pairs()
    {
        var old = before.Processes.ToDictionary(process => process.Pid);
        var young = after.Processes.ToDictionary(process => process.Pid);
        return old.Keys.Union(young.Keys).Order().Select(pid => (pid, old.GetValueOrDefault(pid), young.GetValueOrDefault(pid)));
    }

    private IEnumerable<string> MemoryContents()
        => before.Processes.Concat(after.Processes).SelectMany(process => process.Mappings).Select(mapping => mapping.Content).Distinct();

    private IEnumerable<ProcessChangeLine> Processes()
    {
        foreach ((int pid, ProcessDescription? old, ProcessDescription? young) in Pairs())
        {
            int[] oldThreads = [.. (old?.Threads ?? []).Select(thread => thread.Tid)];
            int[] youngThreads = [.. (young?.Threads ?? []).Select(thread => thread.Tid)];
            string? change = old is null ? "started" : young is null ? "ended" : old.Executable != young.Executable ? "executed" : null;
            if (change is null && !oldThreads.ToHashSet().SetEquals(youngThreads))
            {
                change = "threads";
            }

            if (change is not null)
            {
                yield return new ProcessChangeLine(
                    pid, change, (young ?? old)!.Name, [.. youngThreads.Except(oldThreads)], [.. oldThreads.Except(youngThreads)]);
            }
        }
    }

    private static IEnumerable<DescriptorChangeLine> Descriptors((int Pid, ProcessDescription? Before, ProcessDescription? After) pair)
    {
        var old = (pair.Before?.Descriptors ?? []).ToDictionary(descriptor => descriptor.Number);
        var young = (pair.After?.Descriptors ?? []).ToDictionary(descriptor => descriptor.Number);
        foreach (int number in old.Keys.Union(young.Keys).Order())
        {
            string? what = old.TryGetValue(number, out DescriptorDescription? was) ? Describe(was) : null;
            string? isNow = young.TryGetValue(number, out DescriptorDescription? now) ? Describe(now) : null;
            if (what != isNow)
            {
                yield return new DescriptorChangeLine(pair.Pid, number, what is null ? "opened" : isNow is null ? "closed" : "changed", what, isNow);
            }
        }
    }

    private static string Describe(DescriptorDescription descriptor)
        => FormattableString.Invariant($"{descriptor.Kind} {descriptor.What} flags {descriptor.Flags} at {descriptor.Position}");

    private IEnumerable<FileChangeLine> Files()
    {
        var old = before.Files.DistinctBy(file => file.Path).ToDictionary(file => file.Path, StringComparer.Ordinal);
        var young = after.Files.DistinctBy(file => file.Path).ToDictionary(file => file.Path, StringComparer.Ordinal);
        foreach (string path in old.Keys.Union(young.Keys).Order(StringComparer.Ordinal))
        {
            FileDescription? was = old.GetValueOrDefault(path);
            FileDescription? now = young.GetValueOrDefault(path);
            ulong changed = new[] { was?.Content, now?.Content }.OfType<string>().Where(content => content.Length > 0).Distinct()
                .Aggregate(0UL, (sum, content) => sum + Sum(Changes(content)));
            if (was is null || now is null || changed > 0 || was.Bytes != now.Bytes || was.ModifiedNs != now.ModifiedNs)
            {
                yield return new FileChangeLine(path, was is null ? "added" : now is null ? "removed" : "changed", was?.Bytes, now?.Bytes, changed);
            }
        }
    }

    private static ulong Sum(IReadOnlyList<ChangedRange> ranges) => ranges.Aggregate(0UL, (sum, range) => sum + range.Bytes);
}
