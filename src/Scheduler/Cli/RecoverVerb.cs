using System.CommandLine;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Control;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Recovery;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>recover</c>: brings back every job that should run and does not.</summary>
internal sealed class RecoverVerb : Verb
{
    private readonly Argument<string[]> _jobs = new("JOB")
    {
        Description = "Jobs to recover. Default: all registered ones.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> _latest = new("--latest")
    {
        Description = "Take the newest good generation of each job. This is the default.",
    };

    private readonly Option<bool> _all = new("--all") { Description = "All registered jobs. This is the default." };

    private readonly Option<bool> _shellJob = ShellJobAttendance.Option();
    private readonly Option<bool> _keepFiles = Words.KeepFiles();
    private readonly Option<bool> _dryRun = Words.DryRun();
    private readonly Option<PidNamespaceChoice?> _pidNamespace = Words.PidNamespace();

    /// <summary>Makes the verb.</summary>
    public RecoverVerb()
        : base(
            "recover",
            "Restores the newest good generation of each job that does not run. Jobs that run are left alone; "
            + "a damaged generation is named and passed over for the next older.",
            "recover --latest",
            "recover --latest md relax",
            "recover --latest --all --json",
            "recover md --dry-run",
            "recover md --shell-job")
    {
        _jobs.Validators.Add(Words.RequireJobNames);
        Arguments.Add(_jobs);
        Options.Add(_latest);
        Options.Add(_all);
        Options.Add(_shellJob);
        Options.Add(_keepFiles);
        Options.Add(_dryRun);
        Options.Add(_pidNamespace);
        Validators.Add(result =>
        {
            if (result.GetResult(_all) is not null && result.GetResult(_jobs)?.Tokens.Count > 0)
            {
                result.AddError("Name jobs or --all, not both.");
            }

            if (result.GetResult(_shellJob) is not null && result.GetResult(_jobs)?.Tokens.Count != 1)
            {
                result.AddError("--shell-job needs the name of one job, which gets the terminal.");
            }
        });
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        // A terminal cannot be handed over, and a dry run changes nothing: both need no service.
        bool isHere = arguments.GetValue(_shellJob) || arguments.GetValue(_dryRun);
        using ControlClient? service = isHere ? null : invocation.TryService();
        if (service is not null)
        {
            return RecoverBy(service, invocation, arguments);
        }

        using var attendance = new ShellJobAttendance(arguments.GetValue(_shellJob));
        List<RecoveryOutcome> outcomes = Recover(invocation, arguments, attendance);
        return (outcomes is [var outcome] ? attendance.Attend(outcome, invocation.Cancellation) : null)
            ?? RecoveryReport.Combine([.. outcomes.Select(RecoveryReport.ToLine)]);
    }

    private int RecoverBy(ControlClient service, Invocation invocation, ParseResult arguments)
    {
        string[] names = arguments.GetValue(_jobs) ?? [];
        if (names.Length == 0)
        {
            names = [.. service.Ask(HttpMethod.Get, "/v1/jobs", CliJson.Lines.StatusLine, invocation.Cancellation).Where(job => !EventKind.IsOver(job.State)).Select(job => job.Job)];
        }

        var lines = new List<RecoverLine>();
        foreach (string name in names.Distinct(StringComparer.Ordinal))
        {
            RecoverLine line = service.Post(
                $"/v1/jobs/{name}/recover", new RecoverWish(null, arguments.GetValue(_keepFiles), arguments.GetValue(_pidNamespace) is { } choice ? Words.Of(choice) : null), CliJson.Lines.RecoverWish, CliJson.Lines.RecoverLine, invocation.Cancellation);
            RecoveryReport.Write(invocation.Output, line);
            lines.Add(line);
        }

        return RecoveryReport.Combine(lines);
    }

    private List<RecoveryOutcome> Recover(Invocation invocation, ParseResult arguments, ShellJobAttendance attendance)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        JobRecoverer recoverer = invocation.CreateRecoverer(
            store,
            new RestoreChoices(
                attendance.Terminal, arguments.GetValue(_keepFiles), arguments.GetValue(_pidNamespace), Waiting: WaitingProcesses.DescriptorsOf(new ProcessId(Environment.ProcessId))),
            arguments.GetValue(_dryRun));
        var outcomes = new List<RecoveryOutcome>();
        foreach (JobRecord job in Targets(store, arguments.GetValue(_jobs) ?? []))
        {
            RecoveryOutcome outcome = recoverer.Recover(job, invocation.Cancellation);
            RecoveryReport.Write(invocation.Output, outcome);
            outcomes.Add(outcome);
        }

        if (outcomes.Count == 0)
        {
            invocation.Output.Line($"no registered job in {store.Directory}");
        }

        return outcomes;
    }

    private static List<JobRecord> Targets(IJobStore store, string[] names)
    {
        if (names.Length == 0)
        {
            return [.. store.Jobs().Where(job => job.IsRegistered && !EventKind.IsOver(job.Outcome))];
        }

        // All are looked up before the first is restored: a misspelt name must not stop the work half-way.
        List<JobRecord> jobs = [.. names.Distinct(StringComparer.Ordinal).Select(store.Job)];
        return jobs.Find(job => !job.IsRegistered) is { } unregistered
            ? throw new SchedulerException(
                SchedulerFailure.Failed,
                $"job {unregistered.Name} is not registered",
                $"`checkpointer restore {unregistered.Name}/latest` restores it all the same")
            : jobs;
    }
}
