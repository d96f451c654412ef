using System.CommandLine;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Control;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Recovery;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>restore</c>: restores one generation and no other.</summary>
internal sealed class RestoreVerb : Verb
{
    private readonly Argument<GenerationReference> _generation = Words.Generation("JOB/NUMBER or JOB/latest.");

    private readonly Option<bool> _shellJob = ShellJobAttendance.Option();
    private readonly Option<bool> _keepFiles = Words.KeepFiles();
    private readonly Option<bool> _dryRun = Words.DryRun();
    private readonly Option<PidNamespaceChoice?> _pidNamespace = Words.PidNamespace();

    /// <summary>Makes the verb.</summary>
    public RestoreVerb()
        : base(
            "restore",
            "Verifies and restores one generation, also an old one. Refused while the job runs.",
            "restore md/3",
            "restore md/latest --json",
            "restore md/latest --shell-job")
    {
        Arguments.Add(_generation);
        Options.Add(_shellJob);
        Options.Add(_keepFiles);
        Options.Add(_dryRun);
        Options.Add(_pidNamespace);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        GenerationReference generation = arguments.GetValue(_generation);
        bool isHere = arguments.GetValue(_shellJob) || arguments.GetValue(_dryRun);
        using ControlClient? service = isHere ? null : invocation.TryService();
        if (service is not null)
        {
            RecoverLine line = service.Post(
                $"/v1/jobs/{generation.Job}/recover",
                new RecoverWish(Number(service, generation, invocation.Cancellation), arguments.GetValue(_keepFiles), Words.Of(arguments.GetValue(_pidNamespace))),
                CliJson.Lines.RecoverWish,
                CliJson.Lines.RecoverLine,
                invocation.Cancellation);
            RecoveryReport.Write(invocation.Output, line);
            return line.ExitCode;
        }

        using var attendance = new ShellJobAttendance(arguments.GetValue(_shellJob));
        RecoveryOutcome outcome = Restore(invocation, arguments, attendance);
        return attendance.Attend(outcome, invocation.Cancellation) ?? RecoveryReport.CodeOf(outcome);
    }

    private static long Number(ControlClient service, GenerationReference generation, CancellationToken cancellation)
        => generation.Number ?? (service.Ask(HttpMethod.Get, $"/v1/jobs/{generation.Job}/generations", CliJson.Lines.GenerationLine, cancellation) is [.., { } latest]
            && GenerationReference.TryParse(latest.Generation, out GenerationReference named) && named.Number is { } number
                ? number
                : throw new SchedulerException(
                    SchedulerFailure.NothingToRestore, $"job {generation.Job} has no generation", $"take one while it runs: `checkpointer dump {generation.Job}`"));

    private RecoveryOutcome Restore(Invocation invocation, ParseResult arguments, ShellJobAttendance attendance)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        RecoveryOutcome outcome = invocation.CreateRecoverer(store, attendance.Terminal, arguments.GetValue(_keepFiles), arguments.GetValue(_dryRun), arguments.GetValue(_pidNamespace))
            .RestoreOnly(arguments.GetValue(_generation).Resolve(store), invocation.Cancellation);
        RecoveryReport.Write(invocation.Output, outcome);
        return outcome;
    }
}
