using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Recovery;

namespace Checkpointer.Scheduler.Cli;

/// <summary>Tells how recoveries ended, to people, to programs, and as an exit code.</summary>
internal static class RecoveryReport
{
    /// <summary>Writes one job's outcome.</summary>
    public static void Write(Output output, RecoveryOutcome outcome)
    {
        ErrorLine? failure = outcome.Failure is null ? null : FailureReport.From(outcome.Failure);
        output.Json(ToLine(outcome, failure), CliJson.Lines.RecoverLine);
        if (output.IsJson)
        {
            return;
        }

        foreach (string warning in outcome.Warnings)
        {
            output.Warning(warning);
        }

        WriteForPeople(output, outcome, failure);
    }

    /// <summary>The exit code of one job's outcome.</summary>
    public static int CodeOf(RecoveryOutcome outcome) => outcome.Status switch
    {
        RecoveryStatus.Failed => ExitCode.From(outcome.Failure!),
        RecoveryStatus.Restored or RecoveryStatus.Planned when outcome.Warnings.Count > 0 => ExitCode.Warnings,
        RecoveryStatus.Nothing => ExitCode.NothingToRestore,
        _ => ExitCode.Ok,
    };

    /// <summary>The exit code of all outcomes together.</summary>
    public static int Combine(IReadOnlyCollection<RecoveryOutcome> outcomes)
    {
        int[] failures = [.. outcomes.Where(outcome => outcome.Status == RecoveryStatus.Failed).Select(CodeOf)];
        if (failures.Length > 0)
        {
            // One reason for all tells more than "failed": a script may then try later, or call for help.
            bool isOneReason = failures.Length == outcomes.Count && failures.Distinct().Count() == 1;
            return isOneReason ? failures[0] : ExitCode.Failed;
        }

        if (!outcomes.Any(outcome => outcome.Status is RecoveryStatus.Restored or RecoveryStatus.Planned))
        {
            return ExitCode.NothingToRestore;
        }

        return outcomes.All(outcome => CodeOf(outcome) == ExitCode.Ok) ? ExitCode.Ok : ExitCode.Warnings;
    }

    private static void WriteForPeople(Output output, RecoveryOutcome outcome, ErrorLine? failure)
    {
        switch (outcome.Status)
        {
            case RecoveryStatus.Restored:
                WriteRestored(output, outcome.Job, outcome.Restored!, outcome.Pid!.Value);
                break;
            case RecoveryStatus.Planned:
                output.Line($"job {outcome.Job} would be restored from {outcome.Planned!.Generation}, which is good; nothing was changed");
                WriteFiles(output, outcome.Planned.Files);
                break;
            case RecoveryStatus.Running:
                output.Line($"job {outcome.Job} is running (PID {outcome.Pid}); nothing to do");
                break;
            case RecoveryStatus.Nothing:
                output.Line($"job {outcome.Job} has no generation to restore");
                break;
            default:
                output.Failure(failure! with { Error = $"job {outcome.Job} was not restored: {failure.Error}" });
                break;
        }
    }

    private static void WriteRestored(Output output, string job, RestoredGeneration restored, int pid)
    {
        output.Line(
            $"job {job} runs {(job == restored.Generation.Job ? "again " : "")}as PID {pid}, from {restored.Generation}, verified: "
            + $"{restored.Report.Processes} process(es), {restored.Report.Threads} thread(s), "
            + $"{Quantity.Bytes(restored.Report.RestoredBytes)}, in {Quantity.Duration(restored.Duration)}");
        foreach (string name in restored.Report.Namespaces)
        {
            output.Line(name == "pid"
                ? "  in a PID namespace of its own, in which its processes have the PIDs that they had"
                : "  in a time namespace, in which its clocks go on as if only the time had passed in which it did not run");
        }

        WriteFiles(output, restored.Report.Files.Where(file => file.RolledBack));
    }

    private static void WriteFiles(Output output, IEnumerable<FileChange> files)
    {
        foreach (FileChange file in files)
        {
            output.Line($"  {file.Path}: {file.What}");
        }
    }

    private static RecoverLine ToLine(RecoveryOutcome outcome, ErrorLine? failure)
    {
        RestoredGeneration? restored = outcome.Restored;
        return new RecoverLine(
            outcome.Job,
            Word(outcome.Status),
            (restored?.Generation ?? outcome.Planned?.Generation)?.ToString(),
            outcome.Pid,
            restored is not null || outcome.Planned is not null,
            restored?.FilesRolledBack ?? 0,
            (long)(restored?.Duration.TotalMilliseconds ?? 0),
            [.. (restored?.Report.Files ?? outcome.Planned?.Files)?.Select(file => new FileLine(file.Path, file.What, file.RolledBack, file.Action, file.Bytes)) ?? []],
            outcome.Warnings,
            restored?.Report.Namespaces ?? [],
            failure?.Error,
            failure?.Hint,
            CodeOf(outcome));
    }

    private static string Word(RecoveryStatus status) => status switch
    {
        RecoveryStatus.Restored => "restored",
        RecoveryStatus.Running => "running",
        RecoveryStatus.Nothing => "nothing",
        RecoveryStatus.Planned => "planned",
        _ => "failed",
    };
}
