using System.CommandLine;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Recovery;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>restore</c>: restores one generation and no other.</summary>
internal sealed class RestoreVerb : Verb
{
    private readonly Argument<GenerationReference> _generation = Words.Generation("JOB/NUMBER or JOB/latest.");

    /// <summary>Makes the verb.</summary>
    public RestoreVerb()
        : base(
            "restore",
            "Verifies and restores one generation, also an old one. Refused while the job runs.",
            "restore md/3",
            "restore md/latest --json")
    {
        Arguments.Add(_generation);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        RecoveryOutcome outcome = invocation.CreateRecoverer(store)
            .RestoreOnly(arguments.GetValue(_generation).Resolve(store), invocation.Cancellation);
        RecoveryReport.Write(invocation.Output, outcome);
        return RecoveryReport.CodeOf(outcome);
    }
}
