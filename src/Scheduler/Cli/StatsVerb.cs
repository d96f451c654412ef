using System.CommandLine;
using System.Globalization;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>stats</c>: sizes of the store.</summary>
internal sealed class StatsVerb : Verb
{
    /// <summary>Makes the verb.</summary>
    public StatsVerb()
        : base("stats", "Shows how large the store is, and what deduplication and compression save.", "stats", "stats --json")
    {
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        StoreStatistics sizes = store.Statistics();
        Output output = invocation.Output;
        output.Json(ToLine(store.Directory, sizes), CliJson.Lines.StatsLine);
        output.Facts(
        [
            ("store", store.Directory),
            ("jobs", Quantity.Count(sizes.Jobs)),
            ("generations", Quantity.Count(sizes.Generations)),
            ("packs", Quantity.Count(sizes.Packs)),
            ("chunks", Quantity.Count(sizes.Chunks)),
            ("memory of all generations", Quantity.Bytes(sizes.LogicalBytes)),
            ("distinct", $"{Quantity.Bytes(sizes.PlainBytes)}, {Quantity.Ratio(sizes.LogicalBytes, sizes.PlainBytes)} less by deduplication"),
            ("on disk", $"{Quantity.Bytes(sizes.StoredBytes)}, {Quantity.Ratio(sizes.PlainBytes, sizes.StoredBytes)} less by compression"),
            ("index", Quantity.Bytes(sizes.IndexBytes)),
            ("together", Quantity.Ratio(sizes.LogicalBytes, checked(sizes.StoredBytes + sizes.IndexBytes))),
            ("growth", sizes.GrowthBytesPerDay is { } growth ? $"{Quantity.Bytes(growth)} per day" : "not known yet"),
            ("free on the disk", $"{Quantity.Bytes(sizes.FreeBytes)}{(DaysLeft(sizes) is { } days ? $", for {days.ToString("0.#", CultureInfo.InvariantCulture)} days at this growth" : "")}"),
        ]);
        output.Line("");
        output.Table(
            [new("JOB"), new("GENERATIONS", true), new("MEMORY", true), new("ADDED", true), new("RATIO", true), new("PER DAY", true)],
            [.. sizes.PerJob.Select(Row)],
            whenEmpty: "no jobs");
        return ExitCode.Ok;
    }

    private static string[] Row(JobStatistics job) =>
    [
        job.Job,
        Quantity.Count(job.Generations),
        Quantity.Bytes(job.LogicalBytes),
        Quantity.Bytes(job.NewBytes),
        Quantity.Ratio(job.LogicalBytes, job.NewBytes),
        job.GrowthBytesPerDay is { } growth ? Quantity.Bytes(growth) : "-",
    ];

    private static double? DaysLeft(StoreStatistics sizes)
        => sizes.GrowthBytesPerDay is > 0 and { } growth ? Math.Round((double)sizes.FreeBytes / growth, 1) : null;

    private static double? Ratio(long larger, long smaller) => smaller > 0 ? Math.Round((double)larger / smaller, 3) : null;

    private static StatsLine ToLine(string directory, StoreStatistics sizes)
        => new(
            directory,
            sizes.Jobs,
            sizes.Generations,
            sizes.Packs,
            sizes.Chunks,
            sizes.LogicalBytes,
            sizes.PlainBytes,
            sizes.StoredBytes,
            sizes.IndexBytes,
            Ratio(sizes.LogicalBytes, sizes.PlainBytes),
            Ratio(sizes.PlainBytes, sizes.StoredBytes),
            Ratio(sizes.LogicalBytes, sizes.StoredBytes + sizes.IndexBytes),
            sizes.GrowthBytesPerDay,
            sizes.FreeBytes,
            DaysLeft(sizes),
            [.. sizes.PerJob.Select(job => new JobStatsLine(
                job.Job, job.Generations, job.LogicalBytes, job.NewBytes, Ratio(job.LogicalBytes, job.NewBytes), job.GrowthBytesPerDay))]);
}
