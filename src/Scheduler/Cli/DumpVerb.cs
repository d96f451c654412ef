using System.CommandLine;
using System.CommandLine.Parsing;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Control;
using Checkpointer.Scheduler.Daemon;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>dump</c>: takes one generation now, or one after the other.</summary>
internal sealed class DumpVerb : Verb
{
    private readonly JobOrPid _target;
    private readonly Option<bool> _stop = new("--stop")
    {
        Description = "Kill the job once the (last) generation is committed, as before planned maintenance.",
    };

    private readonly Option<TimeSpan?> _every = Words.Duration(
        "--every", "Take generations again and again, this long from start to start, each with what changed since the one before.");

    private readonly Option<int?> _count = Words.PositiveCount(
        "--count", "Number of dumps. Without --every they follow each other at once. Default with --every: until the job ends.");

    private readonly DumpChoiceOptions _choices;
    private readonly FilePolicyOptions _files;

    /// <summary>Makes the verb.</summary>
    public DumpVerb()
        : base(
            "dump",
            "Takes a generation of a running job. A process named by --pid that is no job yet is registered as pid-P.",
            "dump md",
            "dump md --stop",
            "dump md --every 15m",
            "dump md --every 10s --count 50 --stop",
            "dump --pid 4711 --json",
            "dump --pid 4711 --shell-job",
            "dump md --tcp close")
    {
        _target = new JobOrPid(this);
        Options.Add(_every);
        Options.Add(_count);
        Options.Add(_stop);
        _choices = new DumpChoiceOptions(this);
        _files = new FilePolicyOptions(this);
        Validators.Add(RequireAnEndBeforeStop);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using ControlClient? service = invocation.TryService();
        if (service is not null && JobOfService(service, arguments, invocation.Cancellation) is { } followed)
        {
            return DumpBy(service, followed, invocation, arguments);
        }

        if (_target.Pid(arguments) is ProcessId pid)
        {
            // Refused before a store is made: a process that cannot be dumped leaves no trace.
            using IJobStore? there = TryOpenStore(invocation);
            (ProcessIdentity root, PreflightReport report) = new JobRegistrar(invocation.Rooms.Engine, invocation.Time)
                .Inspect(pid, _choices.Of(arguments, Remembered(invocation, there, pid)));
            JobDumper.RequireDumpable(report);
            using IJobStore? made = there is null ? invocation.Rooms.OpenOrCreateStore() : null;
            IJobStore store = there ?? made!;
            JobRecord job = JobOf(invocation, store, root, report, arguments);
            return Dump(invocation, arguments, store, job, root, report.PopulatedBytes);
        }

        RequireNoPolicy(_files.Policy(arguments), _target.Job(arguments)!);
        using IJobStore existing = invocation.Rooms.OpenStore();
        JobRecord named = RegisteredJob(existing, _target.Job(arguments)!);
        ProcessIdentity running = new JobLocator(invocation.Rooms.Engine).RequireRunning(named);
        return Dump(invocation, arguments, existing, named, running, LatestBytes(existing, named));
    }

    /// <summary>The job, where the service follows it: two that track the same pages would each spoil what the other knows.</summary>
    private string? JobOfService(ControlClient service, ParseResult arguments, CancellationToken cancellation)
        => _target.Pid(arguments) is not { } pid ? _target.Job(arguments)
            : service.Ask(HttpMethod.Get, "/v1/jobs", CliJson.Lines.StatusLine, cancellation)
                .FirstOrDefault(job => job.Pid == pid.Value && job.State is CareState.Running or CareState.Paused)?.Job;

    private int DumpBy(ControlClient service, string job, Invocation invocation, ParseResult arguments)
    {
        RequireNoPolicy(_files.Policy(arguments), job);
        bool stops = arguments.GetValue(_stop);
        JobPolicy chosen = _choices.Added(JobPolicy.Default, arguments);
        var wish = new DumpWish(stops, chosen.ShellJob, chosen.Tcp?.ToString());
        using var served = new ServedSeries(service, invocation.Rooms.StoreDirectory, job, wish, line => DumpReporting.Write(invocation.Output, line));
        SeriesEnd? end = null;
        if (!IsSeries(arguments))
        {
            served.Dump(expectedBytes: 0, stops, invocation.Cancellation);
        }
        else
        {
            end = RunSeries(invocation, served, job, arguments, expectedBytes: 0);
        }

        if (stops && end is null or { LastFailure: null, JobEnded: false })
        {
            TellStopped(invocation, job);
        }

        return end is null ? ExitCode.Ok : DumpReporting.Code(end, stops);
    }

    private bool IsSeries(ParseResult arguments) => arguments.GetValue(_every) is not null || arguments.GetValue(_count) is not null;

    private static void TellStopped(Invocation invocation, string job)
        => invocation.Output.Line($"job {job} was stopped; `checkpointer recover --latest {job}` brings it back");

    private int Dump(
        Invocation invocation, ParseResult arguments, IJobStore store, JobRecord job, ProcessIdentity root, long expectedBytes)
    {
        using var dumper = new JobDumper(invocation.Rooms.Engine, store, invocation.Progress, job, root, _choices.Of(arguments, JobPolicy.Of(job)));
        SeriesEnd? end = null;
        if (!IsSeries(arguments))
        {
            DumpReporting.Write(invocation.Output, dumper.Dump(expectedBytes, arguments.GetValue(_stop), invocation.Cancellation));
        }
        else
        {
            var local = new LocalSeries(dumper, outcome => DumpReporting.Write(invocation.Output, outcome));
            end = RunSeries(invocation, local, job.Name, arguments, expectedBytes);
        }

        // Only now: until the commit, the running job is the only copy of its work.
        if (arguments.GetValue(_stop) && end is null or { LastFailure: null, JobEnded: false })
        {
            dumper.Stop();
            TellStopped(invocation, job.Name);
        }

        return end is null ? ExitCode.Ok : DumpReporting.Code(end, arguments.GetValue(_stop));
    }

    private SeriesEnd RunSeries(Invocation invocation, ISeriesTarget target, string job, ParseResult arguments, long expectedBytes)
    {
        var series = new DumpSeries(target, invocation.Time, failure => invocation.Output.Failure(FailureReport.From(failure)));
        SeriesEnd end = series.Run(
            arguments.GetValue(_every) ?? TimeSpan.Zero, arguments.GetValue(_count), expectedBytes, arguments.GetValue(_stop), invocation.Cancellation);
        DumpReporting.Write(invocation.Output, job, end);
        return end;
    }

    private void RequireAnEndBeforeStop(CommandResult result)
    {
        if (result.GetResult(_stop) is not null && result.GetResult(_every) is not null && result.GetResult(_count) is null)
        {
            result.AddError("--stop with --every needs --count: it kills the job after the last dump.");
        }
    }

    private static JobRecord RegisteredJob(IJobStore store, string name)
    {
        JobRecord job = store.Job(name);
        return job.IsRegistered
            ? job
            : throw new SchedulerException(
                SchedulerFailure.Failed, $"job {name} is not registered", $"`checkpointer register {name} --pid P`");
    }

    private static IJobStore? TryOpenStore(Invocation invocation)
    {
        try
        {
            return invocation.Rooms.OpenStore();
        }
        catch (StoreException none) when (none.Reason == StoreFailure.NoStore)
        {
            return null;
        }
    }

    /// <summary>The policy of the job that a process is already.</summary>
    private static JobPolicy Remembered(Invocation invocation, IJobStore? store, ProcessId pid)
        => store is not null && invocation.Rooms.Engine.Identify(pid) is { } root && JobLocator.FindByProcess(store, root) is { } known
            ? JobPolicy.Of(known)
            : JobPolicy.Default;

    /// <summary>A job has had its policy since it was registered.</summary>
    private static void RequireNoPolicy(JobPolicy policy, string job)
    {
        if (policy != JobPolicy.Default)
        {
            throw new SchedulerException(
                SchedulerFailure.Failed,
                $"job {job} has its policy for files already",
                $"`checkpointer unregister {job}`, then `checkpointer register {job}` with those options");
        }
    }

    /// <summary>The best guess at a job's memory without looking at the job: what it was the last time.</summary>
    private static long LatestBytes(IJobStore store, JobRecord job)
        => store.Generations(job.Name) is [.., { } latest] ? latest.Summary.PopulatedBytes : 0;

    /// <summary>The job that a process is, registered now where it was none.</summary>
    private JobRecord JobOf(Invocation invocation, IJobStore store, ProcessIdentity root, PreflightReport report, ParseResult arguments)
    {
        if (JobLocator.FindByProcess(store, root) is { } known)
        {
            RequireNoPolicy(_files.Policy(arguments), known.Name);
            return known;
        }

        JobRecord job = new JobRegistrar(invocation.Rooms.Engine, invocation.Time)
            .Register(store, JobRegistrar.NameFor(root.Pid), root.Pid, root, report, _choices.Added(_files.Policy(arguments), arguments));
        invocation.Output.Line($"PID {root.Pid} is registered as job {job.Name}");
        return job;
    }
}
