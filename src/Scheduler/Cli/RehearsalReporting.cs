using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Recovery;

namespace Checkpointer.Scheduler.Cli;

/// <summary>Tells how rehearsals ended, to people, to programs, and as an exit code.</summary>
internal static class RehearsalReporting
{
    /// <summary>What a rehearsal found.</summary>
    public static RehearseLine ToLine(RehearsalOutcome outcome)
    {
        RehearsalReport? report = outcome.Report;
        ErrorLine? failure = outcome.Failure is null ? null : FailureReport.From(outcome.Failure);
        return new RehearseLine(
            outcome.Job, outcome.Word, outcome.Generation?.ToString(), report?.Processes ?? 0, report?.Threads ?? 0, report?.Descriptors ?? 0, report?.ComparedBytes ?? 0,
            (long)outcome.Duration.TotalMilliseconds, report?.Differences ?? [], report?.Obstacles ?? [], report?.NotCompared ?? [], outcome.Warnings, failure?.Error, failure?.Hint, CodeOf(outcome));
    }

    /// <summary>Writes one job's outcome.</summary>
    public static void Write(Output output, RehearseLine line)
    {
        output.Json(line, CliJson.Lines.RehearseLine);
        if (output.IsJson)
        {
            return;
        }

        foreach (string warning in line.Warnings)
        {
            output.Warning(warning);
        }

        switch (line.Rehearsal)
        {
            case "proven":
                output.Line(
                    $"job {line.Job} would come back from {line.Generation}, proven in {Quantity.Duration(TimeSpan.FromMilliseconds(line.DurationMs))}: {Quantity.Count(line.Processes)} process(es), "
                    + $"{Quantity.Count(line.Threads)} thread(s), {Quantity.Count(line.Descriptors)} descriptor(s) and {Quantity.Bytes(line.ComparedBytes)} of memory are as they were");
                WriteList(output, line.NotCompared);
                break;
            case "checked":
                output.Line($"job {line.Job}: {line.Generation} is good and what it needs is there; it was not made, because");
                WriteList(output, line.Error is null ? line.Obstacles : [line.Error]);
                break;
            case "nothing":
                output.Line($"job {line.Job} has no good generation to restore");
                break;
            default:
                output.Failure(new ErrorLine($"job {line.Job} would not come back from {line.Generation}: {line.Error ?? string.Join("; ", line.Differences)}", line.Hint, line.ExitCode, []));
                break;
        }
    }

    /// <summary>The exit code of all together: that of failures first, then that of what was not proven.</summary>
    public static int Combine(IReadOnlyCollection<RehearseLine> lines)
    {
        int[] failures = [.. lines.Where(line => line.Rehearsal == "failed").Select(line => line.ExitCode)];
        return failures.Length > 0 ? (failures.Distinct().Count() == 1 ? failures[0] : ExitCode.Failed)
            : lines.All(line => line.ExitCode == ExitCode.Ok) ? ExitCode.Ok
            : lines.Count == 1 ? lines.Single().ExitCode
            : ExitCode.Warnings;
    }

    private static int CodeOf(RehearsalOutcome outcome) => outcome.Status switch
    {
        RehearsalStatus.Proven => outcome.Warnings.Count > 0 ? ExitCode.Warnings : ExitCode.Ok,
        RehearsalStatus.Checked => ExitCode.Warnings,
        RehearsalStatus.Nothing => ExitCode.NothingToRestore,
        _ => outcome.Failure is { } failure ? ExitCode.From(failure) : ExitCode.Failed,
    };

    private static void WriteList(Output output, IEnumerable<string> sentences)
    {
        foreach (string sentence in sentences)
        {
            output.Line($"  {sentence}");
        }
    }
}
