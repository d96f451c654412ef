using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Control;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Recovery;
using Checkpointer.Scheduler.Upkeep;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>rehearse</c>: tries whether jobs would come back.</summary>
internal sealed class RehearseVerb : Verb
{
    private readonly Argument<string[]> _jobs = new("JOB") { Description = "Jobs to rehearse.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<bool> _all = new("--all") { Description = "All registered jobs." };

    /// <summary>Makes the verb.</summary>
    public RehearseVerb()
        : base(
            "rehearse",
            "Tries whether jobs would come back: restores the newest good generation of each into namespaces of its own, stopped, compares it with the generation, and kills it. Nothing of it runs, nothing "
            + "outside is changed, and the job may run.",
            "rehearse md",
            "rehearse --all --json")
    {
        _jobs.Validators.Add(Words.RequireJobNames);
        Arguments.Add(_jobs);
        Options.Add(_all);
        Validators.Add(result =>
        {
            if (result.GetResult(_all) is null == (result.GetResult(_jobs)?.Tokens.Count ?? 0) is 0)
            {
                result.AddError("Name jobs or --all.");
            }
        });
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using ControlClient? service = invocation.TryService();
        string[] names = [.. (arguments.GetValue(_jobs) ?? []).Distinct(StringComparer.Ordinal)];
        return RehearsalReporting.Combine(service is null ? Here(invocation, names) : By(service, invocation, names));
    }

    private static List<RehearseLine> By(ControlClient service, Invocation invocation, string[] names)
    {
        if (names.Length == 0)
        {
            names = [.. service.Ask(HttpMethod.Get, "/v1/jobs", CliJson.Lines.StatusLine, invocation.Cancellation).Select(job => job.Job)];
        }

        var lines = new List<RehearseLine>();
        foreach (string name in names)
        {
            lines.Add(service.Post($"/v1/jobs/{name}/rehearse", CliJson.Lines.RehearseLine, invocation.Cancellation));
            RehearsalReporting.Write(invocation.Output, lines[^1]);
        }

        return lines;
    }

    private static List<RehearseLine> Here(Invocation invocation, string[] names)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        var memory = new ServiceMemory(store.Directory, (failure, file) => invocation.Output.Warning($"{file}: {failure.Message}"));
        var rehearser = new Rehearser(invocation.Rooms.Engine, store, invocation.Time);
        JobRecord[] jobs = names.Length == 0 ? [.. store.Jobs().Where(job => job.IsRegistered)] : [.. names.Select(store.Job)];
        var lines = new List<RehearseLine>();
        foreach (JobRecord job in jobs)
        {
            using IProgressTask task = invocation.Progress.Start($"rehearsal of {job.Name}", 0);
            RehearsalOutcome outcome = rehearser.Rehearse(job, task, invocation.Cancellation);
            DateTimeOffset now = invocation.Time.GetUtcNow();
            memory.RememberRehearsal(job.Name, outcome.ToRecord(now));
            store.AddEvent(EventKind.OfRehearsal(job.Name, now, outcome.Status is RehearsalStatus.Proven or RehearsalStatus.Checked, outcome.Generation?.Number, outcome.Detail));
            lines.Add(RehearsalReporting.ToLine(outcome));
            RehearsalReporting.Write(invocation.Output, lines[^1]);
        }

        return lines;
    }
}
