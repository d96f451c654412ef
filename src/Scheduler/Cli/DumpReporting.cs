using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;

namespace Checkpointer.Scheduler.Cli;

/// <summary>What <c>dump</c> says of its generations and of the end of a series.</summary>
internal static class DumpReporting
{
    private const string Incremental = "incremental";

    /// <summary>Writes one generation.</summary>
    public static void Write(Output output, DumpOutcome outcome)
    {
        Write(output, ToLine(outcome));
    }

    /// <summary>Writes one generation, which the service may have taken.</summary>
    public static void Write(Output output, DumpLine line)
    {
        output.Json(line, CliJson.Lines.DumpLine);
        string changed = line.Kind == Incremental ? $"{Quantity.Bytes(line.DirtyBytes)} dirty, " : "";
        output.Line(
            $"{line.Generation}: {line.Kind}, {Quantity.Bytes(line.PopulatedBytes)} of memory, {changed}"
            + $"{Quantity.Bytes(line.NewBytes)} new in the store, "
            + $"frozen {Quantity.Duration(TimeSpan.FromMicroseconds(line.FreezeUs))}, done in {Quantity.Duration(TimeSpan.FromMilliseconds(line.DurationMs))}");
        FindingTable.Write(output, line.Notes);
    }

    /// <summary>What a dump did.</summary>
    public static DumpLine ToLine(DumpOutcome outcome)
    {
        var facts = GenerationLine.From(outcome.Generation);
        return new DumpLine(
            facts.Generation,
            facts.Kind,
            facts.Tracker,
            facts.Capture,
            facts.FreezeUs,
            facts.DurationMs,
            facts.PopulatedBytes,
            facts.DirtyBytes,
            facts.NewBytes,
            [.. outcome.Report.Notes.Select(FindingLine.From)]);
    }

    /// <summary>Writes how a series ended, where that is not what was asked for.</summary>
    public static void Write(Output output, string job, SeriesEnd end)
    {
        string taken = $"{Quantity.Count(end.Generations)} generation(s) were taken";
        if (end.JobEnded)
        {
            output.Line($"job {job} has ended; {taken}");
        }

        if (end.Failures > 0)
        {
            output.Warning($"{Quantity.Count(end.Failures)} dump(s) of job {job} failed; {taken}");
        }
    }

    /// <summary>The exit code of a series.</summary>
    /// <param name="end">How it ended.</param>
    /// <param name="mustStop">Whether the job was to be stopped at the end: then the last dump had to succeed.</param>
    public static int Code(SeriesEnd end, bool mustStop)
    {
        bool hasFailed = end.Generations == 0 || (mustStop && !end.JobEnded);
        return end switch
        {
            { Failures: 0 } => ExitCode.Ok,
            { LastFailure: { } last } when hasFailed => ExitCode.From(last),
            _ => ExitCode.Warnings,
        };
    }
}
