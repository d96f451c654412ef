using System.CommandLine;
using System.Globalization;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Composition;
using Checkpointer.Scheduler.Daemon;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Running;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>run</c>: runs a program as a job from its first instruction on, or brings back what it was.</summary>
internal sealed class RunVerb : Verb
{
    private const int SignalBase = 128; // what shells add to the signal that ended a program

    private readonly Option<string?> _name = new("--name")
    {
        Description = "Name of the job. Where a job of this name has generations and has not ended by itself, it is restored. Default: a new name, COMMAND-PID.",
        HelpName = "NAME",
    };

    private readonly Argument<string[]> _command = new("COMMAND") { Description = "Program and arguments, after --.", Arity = ArgumentArity.OneOrMore };
    private readonly PolicyOptions _policy;
    private readonly DumpChoiceOptions _choices;
    private readonly FilePolicyOptions _files;

    /// <summary>Makes the verb.</summary>
    public RunVerb()
        : base(
            "run",
            "Runs a program as a job: restores it where there is something to restore, else starts it; waits, passes signals on, and ends with its exit code. "
            + "Dumps and recoveries are the service's; without one they are done here.",
            "run --name md --every 15m --on-crash auto -- lmp -in melt.lmp",
            "run --name md --policy long-run -- ./relax input.dat")
    {
        _name.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !JobName.IsValid(token.Value))
            {
                result.AddError($"'{token.Value}' is no name for a job: {JobName.Rule}.");
            }
        });
        Arguments.Add(_command);
        Options.Add(_name);
        _policy = new PolicyOptions(this);
        _choices = new DumpChoiceOptions(this);
        _files = new FilePolicyOptions(this);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        PolicyFolder policies = invocation.Rooms.OpenPolicies();
        RunRequest request = Request(arguments);
        JobPolicy policy = policies.Resolve(request.Policy);
        _ = policy.Zone(invocation.Time.LocalTimeZone);
        int code = 0;
        if (invocation.TryService() is { } service)
        {
            using var patient = new ProcessEnds(TimeSpan.FromSeconds(10)); // nothing is held up: there is only an exit code to pass on
            using var served = new ServedRun(request, invocation.Rooms.StoreDirectory, service, patient, invocation.Time, invocation.Output.Note);
            Blocking.Run(async () => code = await RunAsync(invocation, request, policy.ToEventPolicy(), served));
            return code;
        }

        using var ends = new ProcessEnds();
        using ILoggerFactory loggers = StandardErrorLogging.Create(invocation.IsVerbose);
        using IJobStore store = invocation.Rooms.OpenStoreForService(loggers);
        using var timers = new ProviderTimers(invocation.Time);
        using var dumps = new DumpSlots(1);
        using var restores = new DumpSlots(1);
        using var commands = new LocalCommands(invocation.Time);
        var parts = new CareParts(
            invocation.Rooms.Engine, store, policies, ends, timers, dumps, restores, invocation.Time, loggers.CreateLogger("Checkpointer.Run"), CancellationToken.None)
        {
            Commands = commands,
        };
        using var local = new LocalRun(request, parts);
        Blocking.Run(async () => code = await RunAsync(invocation, request, policy.ToEventPolicy(), local));
        return code;
    }

    private static async Task<int> RunAsync(Invocation invocation, RunRequest request, EventPolicy events, IJobRun run)
    {
        string? generation = await run.BeginAsync(invocation.Cancellation);
        if (generation is not null)
        {
            invocation.Output.Note($"job {request.Name} goes on from {generation}");
        }

        var passing = new PassedSignals(run, events, invocation.Time, failure => NoteNotDumped(invocation, request, failure));
        invocation.Signals?.HandOver(passing.Receive);
        RunEnd end = await run.WaitAsync();
        OwnOutputs.MoveToEnds();
        int code = CodeOf(end);
        if (end.State == EventKind.Stopped)
        {
            invocation.Output.Note($"job {request.Name} was dumped and stopped; run it again to go on");
        }

        invocation.Output.Json(new RunLine(request.Name, end.State, generation, end.ExitCode, end.Signal), CliJson.Lines.RunLine);
        return code;
    }

    private static void NoteNotDumped(Invocation invocation, RunRequest request, Exception failure)
    {
        OwnOutputs.MoveToEnds();
        invocation.Output.Note($"job {request.Name} was not dumped: {failure.Message}");
    }

    private static int CodeOf(RunEnd end) => end switch
    {
        { State: EventKind.Stopped } => ExitCode.Stopped,
        { ExitCode: { } code } => code,
        { Signal: { } signal } => SignalBase + signal,
        _ => ExitCode.Failed,
    };

    private RunRequest Request(ParseResult arguments)
    {
        string[] command = arguments.GetRequiredValue(_command);
        string? name = arguments.GetValue(_name);
        JobPolicy policy = _choices.Added(_policy.Policy(arguments) with { Files = _files.Policy(arguments).Files }, arguments);
        return new RunRequest(name ?? FreshName(command[0]), name is not null, command, policy);
    }

    private static string FreshName(string command)
    {
        const int LengthMax = 40; // leaves room for the PID
        string letters = string.Concat(Path.GetFileName(command).Where(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-')).TrimStart('.', '_', '-');
        string name = letters.Length == 0 ? "job" : letters[..Math.Min(letters.Length, LengthMax)];
        return string.Create(CultureInfo.InvariantCulture, $"{name}-{Environment.ProcessId}");
    }
}
