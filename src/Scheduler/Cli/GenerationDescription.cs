using System.Globalization;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary>What a generation says of itself without its images being decoded: they are the engine's business.</summary>
internal sealed class GenerationDescription(IStoredGeneration generation)
{
    /// <summary>Images named so describe one process each.</summary>
    private const string ProcessPrefix = "process/";

    /// <summary>Its images by name; each was read and proved by its hash.</summary>
    public IReadOnlyList<ImageLine> Images { get; } =
        [.. generation.ImageNames.Order(StringComparer.Ordinal).Select(name => new ImageLine(name, generation.ReadImage(name).Length))];

    /// <summary>Its contents by name.</summary>
    public IReadOnlyList<string> Contents { get; } = [.. generation.ContentNames.Order(StringComparer.Ordinal)];

    /// <summary>PIDs of its processes.</summary>
    public IReadOnlyList<int> Pids { get; } =
        [.. generation.ImageNames.Select(ProcessOf).OfType<int>().Distinct().Order()];

    /// <summary>Names and values for people.</summary>
    public IReadOnlyList<(string Name, string Value)> Describe(TimeProvider time)
    {
        GenerationRecord record = generation.Record;
        GenerationSummary summary = record.Summary;
        return
        [
            ("generation", record.Name.ToString()),
            ("taken at", Quantity.Time(record.CreatedAt, time)),
            ("kind", summary.Kind),
            ("tracker", summary.Tracker),
            ("capture", summary.Capture),
            ("frozen", Quantity.Duration(TimeSpan.FromMicroseconds(summary.FreezeMicroseconds))),
            ("took", Quantity.Duration(record.Duration)),
            ("processes", $"{Quantity.Count(summary.Processes)} (PID {string.Join(", ", Pids)})"),
            ("threads", Quantity.Count(summary.Threads)),
            ("memory", Quantity.Bytes(summary.PopulatedBytes)),
            ("dirty", Quantity.Bytes(summary.DirtyBytes)),
            ("new in the store", Quantity.Bytes(record.NewBytes)),
        ];
    }

    /// <summary>The same for programs.</summary>
    public ShowLine ToLine(GenerationDetail detail)
        => new(
            GenerationLine.From(generation.Record), Pids, Images, Contents, detail.Tree, detail.Memory, detail.Descriptors, detail.Files);

    private static int? ProcessOf(string image)
        => image.StartsWith(ProcessPrefix, StringComparison.Ordinal)
            && int.TryParse(image.AsSpan(ProcessPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
            ? pid
            : null;
}
