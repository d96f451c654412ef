using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>policy list</c>: the policy files of the host.</summary>
internal sealed class PolicyListVerb : Verb
{
    /// <summary>Makes the verb.</summary>
    public PolicyListVerb()
        : base("list", "Lists the policy files of the host, and what is wrong with them.", "policy list", "policy list --json")
    {
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        PolicyFolder policies = invocation.Rooms.OpenPolicies();
        PolicyLine[] lines =
        [
            .. policies.Files.Select(file => Describe(file, invocation.Time)),
            .. policies.Problems.Select(problem => new PolicyLine(
                Path.GetFileNameWithoutExtension(problem.Path), problem.Path, null, null, null, null, problem.ToString())),
        ];
        foreach (PolicyLine line in lines)
        {
            invocation.Output.Json(line, CliJson.Lines.PolicyLine);
        }

        invocation.Output.Table(
            [new("POLICY"), new("SCHEDULE"), new("KEEPS"), new("ON BOOT"), new("ON CRASH")],
            [.. lines.Where(line => line.Problem is null).Select(line => new[] { line.Policy, line.Schedule!, line.Keeps!, line.OnBoot!, line.OnCrash! })],
            whenEmpty: $"no policies in {policies.Directory}; docs/policies.md says how they are written");
        foreach (PolicyProblem problem in policies.Problems)
        {
            invocation.Output.Warning(problem.ToString());
        }

        return policies.Problems.Count == 0 ? ExitCode.Ok : ExitCode.Warnings;
    }

    private static PolicyLine Describe(PolicyFile file, TimeProvider time)
    {
        RecoveryPolicy recovery = file.Policy.ToRecoveryPolicy();
        return new PolicyLine(
            file.Name, file.Path, PolicySummary.Schedule(file.Policy, file.Name, time), PolicySummary.Keeps(file.Policy),
            Words.Of(recovery.OnBoot), Words.Of(recovery.OnCrash), Problem: null);
    }
}
