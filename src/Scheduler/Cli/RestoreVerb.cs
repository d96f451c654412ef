using System.CommandLine;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Control;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Recovery;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>restore</c>: restores one generation and no other.</summary>
internal sealed class RestoreVerb : Verb
{
    private readonly Argument<GenerationReference> _generation = Words.Generation("JOB/NUMBER or JOB/latest.");

    private readonly Option<bool> _shellJob = ShellJobAttendance.Option();
    private readonly Option<bool> _keepFiles = Words.KeepFiles();
    private readonly Option<bool> _dryRun = Words.DryRun();
    private readonly Option<PidNamespaceChoice?> _pidNamespace = Words.PidNamespace();

    private readonly Option<string?> _as = new("--as")
    {
        Description = "Restore a copy, in namespaces of its own, as a new job of this name; the job itself may run. Files that it writes are refused, but with --keep-files.",
        HelpName = "NAME",
    };

    /// <summary>Makes the verb.</summary>
    public RestoreVerb()
        : base(
            "restore",
            "Verifies and restores one generation, also an old one. Refused while the job runs.",
            "restore md/3",
            "restore md/latest --json",
            "restore md/latest --shell-job",
            "restore md/3 --as md-again --keep-files")
    {
        Arguments.Add(_generation);
        Options.Add(_shellJob);
        Options.Add(_keepFiles);
        Options.Add(_dryRun);
        Options.Add(_pidNamespace);
        Options.Add(_as);
        Validators.Add(result =>
        {
            if (result.GetResult(_as) is { Tokens: [var name] } && !JobName.IsValid(name.Value))
            {
                result.AddError($"'{name.Value}' is no name for a job: {JobName.Rule}.");
            }

            if (result.GetResult(_as) is not null && (result.GetResult(_shellJob) is not null || result.GetResult(_pidNamespace) is not null))
            {
                result.AddError("--as makes a PID namespace, in which there is no terminal: give neither --shell-job nor --pid-namespace with it.");
            }
        });
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        GenerationReference generation = arguments.GetValue(_generation);
        // A copy is a job that the service does not know yet; it notices it by itself.
        bool isHere = arguments.GetValue(_shellJob) || arguments.GetValue(_dryRun) || arguments.GetValue(_as) is not null;
        using ControlClient? service = isHere ? null : invocation.TryService();
        if (service is not null)
        {
            RecoverLine line = service.Post(
                $"/v1/jobs/{generation.Job}/recover",
                new RecoverWish(Number(service, generation, invocation.Cancellation), arguments.GetValue(_keepFiles), arguments.GetValue(_pidNamespace) is { } choice ? Words.Of(choice) : null),
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
        string? copy = arguments.GetValue(_as);
        var choices = new RestoreChoices(
            attendance.Terminal, arguments.GetValue(_keepFiles), copy is null ? arguments.GetValue(_pidNamespace) : PidNamespaceChoice.Always, IsCopy: copy is not null,
            Waiting: copy is null ? WaitingProcesses.DescriptorsOf(new ProcessId(Environment.ProcessId)) : null);
        JobRecoverer recoverer = invocation.CreateRecoverer(store, choices, arguments.GetValue(_dryRun), copy);
        GenerationName generation = arguments.GetValue(_generation).Resolve(store);
        RecoveryOutcome outcome = copy is null ? recoverer.RestoreOnly(generation, invocation.Cancellation) : recoverer.RestoreAs(generation, copy, invocation.Cancellation);
        RecoveryReport.Write(invocation.Output, outcome);
        return outcome;
    }
}
