using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Control;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>pause</c> and <c>resume</c>: suspend what the service does for a job by itself, or go on with it.</summary>
internal sealed class PauseVerb : Verb
{
    private readonly Argument<string> _job = Words.Job("Name of the job.");
    private readonly bool _isPause;

    /// <summary>Makes one of the two verbs.</summary>
    public PauseVerb(bool isPause)
        : base(
            isPause ? "pause" : "resume",
            isPause
                ? "Suspends the dumps and recoveries that the service does of a job by itself. The job runs on; `dump` and `recover` by hand work."
                : "Goes on with the dumps and recoveries of a job that was paused. Generations that had failed too often are tried again.",
            isPause ? "pause md" : "resume md")
    {
        _isPause = isPause;
        Arguments.Add(_job);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        string name = arguments.GetRequiredValue(_job);
        using ControlClient? service = invocation.TryService();
        PauseLine line = service?.Post($"/v1/jobs/{name}/{Name}", CliJson.Lines.PauseLine, invocation.Cancellation) ?? Set(invocation, name);
        invocation.Output.Json(line, CliJson.Lines.PauseLine);
        invocation.Output.Line(line.Paused ? $"job {line.Job} is paused" : $"job {line.Job} is cared for again");
        return ExitCode.Ok;
    }

    private PauseLine Set(Invocation invocation, string name)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        if (store.Job(name).IsPaused != _isPause)
        {
            store.SetPaused(name, _isPause);
            store.AddEvent(new JobEvent(name, invocation.Time.GetUtcNow(), _isPause ? EventKind.Paused : EventKind.Resumed, ""));
        }

        return new PauseLine(name, _isPause);
    }
}
