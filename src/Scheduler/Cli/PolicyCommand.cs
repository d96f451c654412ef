using System.CommandLine;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>policy</c>: the verbs about policies.</summary>
internal sealed class PolicyCommand : Command
{
    /// <summary>Makes the verbs.</summary>
    public PolicyCommand()
        : base("policy", "Lists, shows and tries policies.")
    {
        Subcommands.Add(new PolicyListVerb());
        Subcommands.Add(new PolicyShowVerb());
        Subcommands.Add(new PolicyTestVerb());
    }
}
