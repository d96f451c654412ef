using System.CommandLine;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>register</c>: takes a running process tree under our care.</summary>
internal sealed class RegisterVerb : Verb
{
    private readonly Argument<string> _name = new("NAME") { Description = $"Name for the job: {JobName.Rule}." };
    private readonly Option<bool> _shellJob = Words.ShellJob();
    private readonly FilePolicyOptions _files;
    private readonly Option<int?> _pid = Words.Pid("Root process of the job; its descendants belong to it.");

    /// <summary>Makes the verb.</summary>
    public RegisterVerb()
        : base(
            "register",
            "Takes a running process and its descendants under our care as a job. Makes the store where there is none.",
            "register md --pid 4711",
            "register md --pid $(pgrep -o lmp) --store /scratch/checkpoints",
            "register md --pid 4711 --file /scratch/md/restarts --file-max 4G")
    {
        _name.Validators.Add(Words.RequireJobNames);
        _pid.Required = true;
        Arguments.Add(_name);
        Options.Add(_pid);
        Options.Add(_shellJob);
        _files = new FilePolicyOptions(this);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        var registrar = new JobRegistrar(invocation.Rooms.Engine, invocation.Time);
        ProcessId pid = Words.ToProcessId(arguments.GetValue(_pid))!.Value;
        (ProcessIdentity identity, PreflightReport report) = registrar.Inspect(pid, arguments.GetValue(_shellJob));
        using IJobStore store = invocation.Rooms.OpenOrCreateStore();
        JobRecord job = registrar.Register(store, arguments.GetRequiredValue(_name), identity, report, _files.Policy(arguments));

        var line = new RegisterLine(
            job.Name, job.Pid, job.Command, store.Directory, report.CanDump, [.. report.Findings.Select(FindingLine.From)]);
        Output output = invocation.Output;
        output.Json(line, CliJson.Lines.RegisterLine);
        output.Line($"job {line.Job} is registered: PID {line.Pid}, {line.Command}");
        FindingTable.Write(output, line.Findings);
        if (report.CanDump)
        {
            return ExitCode.Ok;
        }

        output.Warning($"job {line.Job} has state that is not carried: dumps are refused until it is gone");
        return ExitCode.Warnings;
    }
}
