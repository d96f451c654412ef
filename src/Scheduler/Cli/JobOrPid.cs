using System.CommandLine;
using Checkpointer.Engine.Support;

namespace Checkpointer.Scheduler.Cli;

/// <summary>The target <c>(JOB | --pid P)</c>: exactly one of the two.</summary>
internal sealed class JobOrPid
{
    private readonly Argument<string?> _job;
    private readonly Option<int?> _pid;

    /// <summary>Adds the two to a verb.</summary>
    public JobOrPid(Verb verb)
    {
        _job = new Argument<string?>("JOB")
        {
            Description = "Name of a registered job.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        _job.Validators.Add(Words.RequireJobNames);
        _pid = Words.Pid("Root process instead of a job.");
        verb.Arguments.Add(_job);
        verb.Options.Add(_pid);
        verb.Validators.Add(result =>
        {
            // A malformed PID is there all the same, so presence is asked for, not the value.
            bool hasPid = result.GetResult(_pid) is not null;
            bool hasJob = result.GetResult(_job)?.Tokens.Count > 0;
            if (hasPid == hasJob)
            {
                result.AddError("Name either a JOB or --pid P.");
            }
        });
    }

    /// <summary>Name of the job, or null where a PID was given.</summary>
    public string? Job(ParseResult arguments) => arguments.GetValue(_job);

    /// <summary>The PID, or null where a job was named.</summary>
    public ProcessId? Pid(ParseResult arguments) => Words.ToProcessId(arguments.GetValue(_pid));
}
