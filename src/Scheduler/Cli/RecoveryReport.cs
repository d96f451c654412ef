using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Recovery;

namespace Checkpointer.Scheduler.Cli;

/// <summary>Tells how recoveries ended, to people, to programs, and as an exit code.</summary>
internal static class RecoveryReport
{
    private const string Restored = "restored";
    private const string Running = "running";
    private const string Nothing = "nothing";
    private const string Planned = "planned";
    private const string Failed = "failed";

    /// <summary>Writes one job's outcome.</summary>
    public static void Write(Output output, RecoveryOutcome outcome) => Write(output, ToLine(outcome));

    /// <summary>Writes one job's outcome, which the service may have brought about.</summary>
    public static void Write(Output output, RecoverLine line)
    {
        OwnOutputs.MoveToEnds();
        output.Json(line, CliJson.Lines.RecoverLine);
        if (output.IsJson)
        {
            return;
        }

        foreach (string warning in line.Warnings)
        {
            output.Warning(warning);
        }

        WriteForPeople(output, line);
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
    public static int Combine(IReadOnlyCollection<RecoverLine> lines)
    {
        int[] failures = [.. lines.Where(line => line.Status == Failed).Select(line => line.ExitCode)];
        if (failures.Length > 0)
        {
            // One reason for all tells more than "failed": a script may then try later, or call for help.
            bool isOneReason = failures.Length == lines.Count && failures.Distinct().Count() == 1;
            return isOneReason ? failures[0] : ExitCode.Failed;
        }

        if (!lines.Any(line => line.Status is Restored or Planned))
        {
            return ExitCode.NothingToRestore;
        }

        return lines.All(line => line.ExitCode == ExitCode.Ok) ? ExitCode.Ok : ExitCode.Warnings;
    }

    /// <summary>What a recovery did.</summary>
    public static RecoverLine ToLine(RecoveryOutcome outcome)
    {
        RestoredGeneration? restored = outcome.Restored;
        ErrorLine? failure = outcome.Failure is null ? null : FailureReport.From(outcome.Failure);
        return new RecoverLine(
            outcome.Job,
            Word(outcome.Status),
            (restored?.Generation ?? outcome.Planned?.Generation)?.ToString(),
            outcome.Pid,
            restored is not null || outcome.Planned is not null,
            restored?.Report.Processes ?? 0,
            restored?.Report.Threads ?? 0,
            restored?.Report.RestoredBytes ?? 0,
            restored?.FilesRolledBack ?? 0,
            (long)(restored?.Duration.TotalMilliseconds ?? 0),
            [.. (restored?.Report.Files ?? outcome.Planned?.Files)?.Select(file => new FileLine(file.Path, file.What, file.RolledBack, file.Action, file.Bytes)) ?? []],
            outcome.Warnings,
            restored?.Report.Namespaces ?? [],
            failure?.Error,
            failure?.Hint,
            CodeOf(outcome));
    }

    private static void WriteForPeople(Output output, RecoverLine line)
    {
        switch (line.Status)
        {
            case Restored:
                output.Line(
                    $"job {line.Job} runs {(IsCopy(line) ? "" : "again ")}as PID {line.Pid}, from {line.Generation}, verified: "
                    + $"{line.Processes} process(es), {line.Threads} thread(s), "
                    + $"{Quantity.Bytes(line.RestoredBytes)}, in {Quantity.Duration(TimeSpan.FromMilliseconds(line.DurationMs))}");
                WriteNamespaces(output, line.Namespaces);
                WriteFiles(output, line.Files.Where(file => file.RolledBack));
                break;
            case Planned:
                output.Line($"job {line.Job} would be restored from {line.Generation}, which is good; nothing was changed");
                WriteFiles(output, line.Files);
                break;
            case Running:
                output.Line($"job {line.Job} is running (PID {line.Pid}); nothing to do");
                break;
            case Nothing:
                output.Line($"job {line.Job} has no generation to restore");
                break;
            default:
                output.Failure(new ErrorLine($"job {line.Job} was not restored: {line.Error}", line.Hint, line.ExitCode, []));
                break;
        }
    }

    private static bool IsCopy(RecoverLine line) => line.Generation?.StartsWith(line.Job + "/", StringComparison.Ordinal) == false;

    private static void WriteNamespaces(Output output, IEnumerable<string> namespaces)
    {
        foreach (string name in namespaces)
        {
            output.Line(name == "pid"
                ? "  in a PID namespace of its own, in which its processes have the PIDs that they had"
                : "  in a time namespace, in which its clocks go on as if only the time had passed in which it did not run");
        }
    }

    private static void WriteFiles(Output output, IEnumerable<FileLine> files)
    {
        foreach (FileLine file in files)
        {
            output.Line($"  {file.Path}: {file.What}");
        }
    }

    private static string Word(RecoveryStatus status) => status switch
    {
        RecoveryStatus.Restored => Restored,
        RecoveryStatus.Running => Running,
        RecoveryStatus.Nothing => Nothing,
        RecoveryStatus.Planned => Planned,
        _ => Failed,
    };
}
