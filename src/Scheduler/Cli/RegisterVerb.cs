using System.CommandLine;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Control;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>register</c>: takes a running process tree, or the processes of a cgroup, under our care.</summary>
internal sealed class RegisterVerb : Verb
{
    private readonly Argument<string> _name = new("NAME") { Description = $"Name for the job: {JobName.Rule}." };
    private readonly DumpChoiceOptions _choices;
    private readonly FilePolicyOptions _files;
    private readonly PolicyOptions _policy;
    private readonly Option<int?> _pid = Words.Pid("Root process of the job; its descendants belong to it.");
    private readonly Option<string?> _cgroup = Words.Cgroup("The job is what runs in this cgroup, in those below it, and the descendants of these processes.");

    /// <summary>Makes the verb.</summary>
    public RegisterVerb()
        : base(
            "register",
            "Takes a running process and its descendants, or the processes of a cgroup, under our care as a job. Makes the store where there is none.",
            "register md --pid 4711",
            "register md --pid $(pgrep -o lmp) --store /scratch/checkpoints",
            "register md --cgroup /sys/fs/cgroup/system.slice/md.service",
            "register md --pid 4711 --file /scratch/md/restarts --file-max 4G",
            "register md --pid 4711 --every 15m --keep-last 4 --keep-hourly 24 --on-crash auto",
            "register md --pid 4711 --policy long-run")
    {
        _name.Validators.Add(Words.RequireJobNames);
        Arguments.Add(_name);
        Options.Add(_pid);
        Options.Add(_cgroup);
        _policy = new PolicyOptions(this);
        _choices = new DumpChoiceOptions(this);
        _files = new FilePolicyOptions(this);
        Validators.Add(result =>
        {
            if (result.GetResult(_pid) is null == result.GetResult(_cgroup) is null)
            {
                result.AddError("Name either --pid P or --cgroup DIR.");
            }
        });
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using ControlClient? service = invocation.TryService();
        RegisterLine line = service is null ? Register(invocation, arguments) : service.Post(
            "/v1/jobs", Wish(arguments), CliJson.Lines.RegisterWish, CliJson.Lines.RegisterLine, invocation.Cancellation);
        Output output = invocation.Output;
        output.Json(line, CliJson.Lines.RegisterLine);
        output.Line($"job {line.Job} is registered: PID {line.Pid}, {line.Command}");
        FindingTable.Write(output, line.Findings);
        if (line.CanDump)
        {
            return ExitCode.Ok;
        }

        output.Warning($"job {line.Job} has state that is not carried: dumps are refused until it is gone");
        return ExitCode.Warnings;
    }

    private RegisterWish Wish(ParseResult arguments)
        => new(arguments.GetRequiredValue(_name), arguments.GetValue(_pid), arguments.GetValue(_cgroup), Policy(arguments).ToJson());

    private RegisterLine Register(Invocation invocation, ParseResult arguments)
    {
        var registrar = new JobRegistrar(invocation.Rooms.Engine, invocation.Time);
        JobScope scope = arguments.GetValue(_cgroup) is { } cgroup ? JobScope.FromCgroup(cgroup) : Words.ToProcessId(arguments.GetValue(_pid))!.Value;
        JobPolicy policy = Policy(arguments);
        JobPolicy effective = Resolve(invocation, policy);
        (ProcessIdentity identity, PreflightReport report) = registrar.Inspect(scope, effective.ToChoices());
        using IJobStore store = invocation.Rooms.OpenOrCreateStore();
        JobRecord job = registrar.Register(store, arguments.GetRequiredValue(_name), scope, identity, report, policy);

        store.AddEvent(new JobEvent(job.Name, invocation.Time.GetUtcNow(), EventKind.Registered, job.Command) { Pid = job.Pid });
        return new RegisterLine(
            job.Name, job.Pid, job.Command, store.Directory, report.CanDump, [.. report.Findings.Select(FindingLine.From)]);
    }

    private JobPolicy Policy(ParseResult arguments)
        => _choices.Added(_policy.Policy(arguments) with { Files = _files.Policy(arguments).Files }, arguments);

    // A policy that does not exist, or a time zone that nobody knows, is told now and not when the first dump is due.
    private static JobPolicy Resolve(Invocation invocation, JobPolicy policy)
    {
        PolicyFolder policies = invocation.Rooms.OpenPolicies();
        JobPolicy effective = policies.Resolve(policy);
        _ = effective.Zone(invocation.Time.LocalTimeZone);
        return effective;
    }
}
