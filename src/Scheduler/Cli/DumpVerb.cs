using System.CommandLine;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>dump</c>: takes one generation now.</summary>
internal sealed class DumpVerb : Verb
{
    private readonly JobOrPid _target;
    private readonly Option<bool> _stop = new("--stop")
    {
        Description = "Kill the job once the generation is committed, as before planned maintenance.",
    };

    /// <summary>Makes the verb.</summary>
    public DumpVerb()
        : base(
            "dump",
            "Takes a generation of a running job. A process named by --pid that is no job yet is registered as pid-P.",
            "dump md",
            "dump md --stop",
            "dump --pid 4711 --json")
    {
        _target = new JobOrPid(this);
        Options.Add(_stop);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        if (_target.Pid(arguments) is ProcessId pid)
        {
            // Refused before there is a store: a process that cannot be dumped leaves no trace.
            (ProcessIdentity root, PreflightReport report) = new JobRegistrar(invocation.Rooms.Engine, invocation.Time).Inspect(pid);
            JobDumper.RequireDumpable(report);
            using IJobStore store = invocation.Rooms.OpenOrCreateStore();
            return Dump(invocation, arguments, store, JobOf(invocation, store, root, report), root, report);
        }

        using IJobStore existing = invocation.Rooms.OpenStore();
        (JobRecord job, ProcessIdentity jobRoot, PreflightReport jobReport) = TargetByName(invocation, existing, _target.Job(arguments)!);
        return Dump(invocation, arguments, existing, job, jobRoot, jobReport);
    }

    private int Dump(
        Invocation invocation, ParseResult arguments, IJobStore store, JobRecord job, ProcessIdentity root, PreflightReport report)
    {
        var dumper = new JobDumper(invocation.Rooms.Engine, store, invocation.Progress);
        DumpOutcome outcome = dumper.Dump(job, root, report, invocation.Cancellation);
        Report(invocation.Output, outcome);
        if (arguments.GetValue(_stop))
        {
            // Only now: until the commit, the running job is the only copy of its work.
            invocation.Rooms.Engine.Kill(outcome.Report.Root);
            invocation.Output.Line($"job {job.Name} was stopped; `checkpointer recover --latest {job.Name}` brings it back");
        }

        return ExitCode.Ok;
    }

    private static (JobRecord Job, ProcessIdentity Root, PreflightReport Report) TargetByName(
        Invocation invocation, IJobStore store, string name)
    {
        JobRecord job = store.Job(name);
        if (!job.IsRegistered)
        {
            throw new SchedulerException(
                SchedulerFailure.Failed, $"job {name} is not registered", $"`checkpointer register {name} --pid P`");
        }

        ProcessIdentity root = new JobLocator(invocation.Rooms.Engine).RequireRunning(job);
        return (job, root, invocation.Rooms.Engine.Check(root.Pid));
    }

    /// <summary>The job that a process is, registered now where it was none.</summary>
    private static JobRecord JobOf(Invocation invocation, IJobStore store, ProcessIdentity root, PreflightReport report)
    {
        if (JobLocator.FindByProcess(store, root) is { } known)
        {
            return known;
        }

        JobRecord job = new JobRegistrar(invocation.Rooms.Engine, invocation.Time).Register(store, JobRegistrar.NameFor(root.Pid), root, report);
        invocation.Output.Line($"PID {root.Pid} is registered as job {job.Name}");
        return job;
    }

    private static void Report(Output output, DumpOutcome outcome)
    {
        var facts = GenerationLine.From(outcome.Generation);
        FindingLine[] notes = [.. outcome.Report.Notes.Select(FindingLine.From)];
        output.Json(
            new DumpLine(
                facts.Generation,
                facts.Kind,
                facts.Tracker,
                facts.Capture,
                facts.FreezeUs,
                facts.DurationMs,
                facts.PopulatedBytes,
                facts.DirtyBytes,
                facts.NewBytes,
                notes),
            CliJson.Lines.DumpLine);
        output.Line(
            $"{facts.Generation}: {facts.Kind}, {Quantity.Bytes(facts.PopulatedBytes)} of memory, "
            + $"{Quantity.Bytes(facts.NewBytes)} new in the store, "
            + $"frozen {Quantity.Duration(outcome.Report.FreezeTime)}, done in {Quantity.Duration(outcome.Generation.Duration)}");
        FindingTable.Write(output, notes);
    }
}
