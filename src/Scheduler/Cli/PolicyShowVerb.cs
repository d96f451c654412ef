using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>policy show</c>: what a policy file says, or what holds for a job.</summary>
internal sealed class PolicyShowVerb : Verb
{
    private readonly Argument<string> _name = new("NAME") { Description = "A policy file, without .json, or else a job." };

    /// <summary>Makes the verb.</summary>
    public PolicyShowVerb()
        : base(
            "show",
            "Shows what a policy file says, or what holds for a job: what was said with it, and what its policy file says beside that.",
            "policy show long-run",
            "policy show md --json")
    {
        _name.Validators.Add(Words.RequireJobNames);
        Arguments.Add(_name);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        string name = arguments.GetRequiredValue(_name);
        PolicyFolder policies = invocation.Rooms.OpenPolicies();
        bool isFile = policies.Has(name);
        JobPolicy policy = isFile ? policies.Named(name).Policy : policies.Resolve(Job(invocation, name));
        string schedule = PolicySummary.Schedule(policy, name, invocation.Time);
        invocation.Output.Json(
            new PolicyShowLine(name, isFile ? "file" : "job", policy.From, schedule, PolicySummary.Keeps(policy), PolicyFileWriter.ToElement(policy)), CliJson.Lines.PolicyShowLine);
        foreach (string line in PolicyFileWriter.ToText(policy).Split('\n'))
        {
            invocation.Output.Line(line);
        }

        return ExitCode.Ok;
    }

    private static JobRecord Job(Invocation invocation, string name)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        return store.Job(name);
    }
}
