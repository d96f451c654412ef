using System.CommandLine;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>check</c>: what in a job cannot be carried.</summary>
internal sealed class CheckVerb : Verb
{
    private readonly JobOrPid _target;
    private readonly DumpChoiceOptions _choices;

    /// <summary>Makes the verb.</summary>
    public CheckVerb()
        : base(
            "check",
            "Lists everything in a running job that a dump would not carry. Does not touch the job.",
            "check md",
            "check --pid 4711")
    {
        _target = new JobOrPid(this);
        _choices = new DumpChoiceOptions(this);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        (JobScope scope, JobPolicy policy) = _target.Pid(arguments) is { } pid ? (pid, JobPolicy.Default) : Locate(invocation, _target.Job(arguments)!);
        PreflightReport report = invocation.Rooms.Engine.Check(scope, _choices.Of(arguments, policy));
        var line = CheckLine.From(report);
        Output output = invocation.Output;
        output.Json(line, CliJson.Lines.CheckLine);
        output.Line(
            $"PID {line.Pid}: {line.Processes} process(es), {line.Threads} thread(s), {Quantity.Bytes(line.PopulatedBytes)}: {line.Command}");
        FindingTable.Write(output, line.Findings);
        output.Line(line.CanDump ? "A dump would carry all of it." : "A dump would be refused.");
        return line.CanDump ? ExitCode.Ok : ExitCode.Refused;
    }

    private static (JobScope Scope, JobPolicy Policy) Locate(Invocation invocation, string job)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        JobRecord record = store.Job(job);
        _ = new JobLocator(invocation.Rooms.Engine).RequireRunning(record);
        return (JobLocator.ScopeOf(record), JobPolicy.Of(record));
    }
}
