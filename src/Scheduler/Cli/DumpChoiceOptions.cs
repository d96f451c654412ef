using System.CommandLine;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Cli;

/// <summary>The options of verbs that look at a job as a dump does: what is done about state that cannot be carried as it is.</summary>
internal sealed class DumpChoiceOptions
{
    private readonly Option<bool> _shellJob = new("--shell-job")
    {
        Description = "The job was started in a terminal, and goes on in the terminal of whoever recovers it with --shell-job.",
    };

    private readonly Option<TcpChoice?> _tcp = Words.Choice<TcpChoice>(
        "--tcp", "What becomes of TCP connections that lead out of the job: refuse (the default); close: reset when it is recovered; keep: go on after --stop.");

    /// <summary>Adds the options to a verb.</summary>
    public DumpChoiceOptions(Command verb)
    {
        verb.Options.Add(_shellJob);
        verb.Options.Add(_tcp);
    }

    /// <summary>What was chosen, and else what is remembered with the job.</summary>
    public DumpChoices Of(ParseResult arguments, JobPolicy policy) => Added(policy, arguments).ToChoices();

    /// <summary>A policy with what was chosen, to be remembered with a job.</summary>
    public JobPolicy Added(JobPolicy policy, ParseResult arguments)
        => policy with { ShellJob = arguments.GetValue(_shellJob) ? true : policy.ShellJob, Tcp = arguments.GetValue(_tcp) ?? policy.Tcp };
}
