using System.CommandLine;
using System.CommandLine.Parsing;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>forget</c>: removes generations that no rule keeps, or one by name.</summary>
internal sealed class ForgetVerb : Verb
{
    private readonly Argument<string> _target = new("JOB") { Description = "Name of the job, or one generation of it as JOB/NUMBER." };
    private readonly RetentionOptions _rules;
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only show what would be removed, and why the others stay." };

    /// <summary>Makes the verb.</summary>
    public ForgetVerb()
        : base(
            "forget",
            "Removes the generations of a job that no rule keeps, or the one that is named. Without rules nothing is removed. `gc` gives their space back.",
            "forget md --keep-last 10 --keep-hourly 24 --keep-daily 14 --dry-run",
            "forget md --keep-within 2d --keep-within-daily 1mo --keep-yearly unlimited",
            "forget md --keep-last 100 --max-bytes 20GiB --json",
            "forget md/17")
    {
        _target.Validators.Add(RequireJobOrGeneration);
        Arguments.Add(_target);
        _rules = new RetentionOptions(this);
        Options.Add(_dryRun);
        Validators.Add(result =>
        {
            if (result.GetResult(_target)?.Tokens is [{ Value: var word }] && GenerationReference.TryParse(word, out _) && _rules.IsAnyIn(result))
            {
                result.AddError("Rules are for a JOB. A generation that is named is removed without them.");
            }
        });
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        string word = arguments.GetRequiredValue(_target);
        IReadOnlyList<RetentionVerdict> verdicts = GenerationReference.TryParse(word, out GenerationReference named)
            ? [Named(store, named.Resolve(store))]
            : ByRules(invocation, arguments, store, word);
        GenerationName[] unwanted = [.. verdicts.Where(verdict => !verdict.IsKept).Select(verdict => verdict.Generation.Name)];
        bool isDryRun = arguments.GetValue(_dryRun);
        HashSet<GenerationName> removed = isDryRun || unwanted.Length == 0 ? [] : [.. store.Forget(unwanted)];
        foreach (RetentionVerdict verdict in verdicts)
        {
            invocation.Output.Json(ToLine(verdict, removed), CliJson.Lines.ForgetLine);
        }

        WriteForPeople(invocation, verdicts, removed.Count, isDryRun);
        return ExitCode.Ok;
    }

    private IReadOnlyList<RetentionVerdict> ByRules(Invocation invocation, ParseResult arguments, IJobStore store, string name)
    {
        JobRecord job = store.Job(name);
        RetentionPolicy policy = _rules.Policy(arguments);
        if (policy.IsEmpty)
        {
            invocation.Output.Line("no rule was given: nothing is removed");
        }

        return Retention.Plan(policy, store.Generations(name), _rules.Zone(arguments, invocation.Time), isFinished: !job.IsRegistered);
    }

    // What the rules never remove is not removed by name either.
    private static RetentionVerdict Named(IJobStore store, GenerationName name)
    {
        JobRecord job = store.Job(name.Job);
        IReadOnlyList<GenerationRecord> generations = store.Generations(name.Job);
        GenerationRecord generation = generations.FirstOrDefault(record => record.Name == name)
            ?? throw new StoreException(StoreFailure.NotFound, $"there is no generation {name}", $"`checkpointer generations {name.Job}` lists them");
        return Retention.WhyNever(generation, generations, isFinished: !job.IsRegistered) is { } why
            ? throw new SchedulerException(
                SchedulerFailure.Failed,
                $"{name} is not removed: it is {(generation.IsPinned ? why : $"the {why}")}",
                generation.IsPinned ? $"`checkpointer unpin {name}` first" : $"take a newer one first, or end the care of the job with `checkpointer unregister {name.Job}`")
            : new RetentionVerdict(generation, false, ["named"]);
    }

    private static ForgetLine ToLine(RetentionVerdict verdict, HashSet<GenerationName> removed)
        => new(
            verdict.Generation.Name.ToString(), verdict.Generation.CreatedAt, verdict.Generation.NewBytes, verdict.IsKept, verdict.Reasons,
            removed.Contains(verdict.Generation.Name));

    private static void WriteForPeople(Invocation invocation, IReadOnlyList<RetentionVerdict> verdicts, int removed, bool isDryRun)
    {
        Output output = invocation.Output;
        output.Table(
            [new("GENERATION"), new("TAKEN AT"), new("NEW", true), new("STAYS"), new("WHY")],
            [.. verdicts.Select(verdict => new[]
            {
                verdict.Generation.Name.ToString(),
                Quantity.Time(verdict.Generation.CreatedAt, invocation.Time),
                Quantity.Bytes(verdict.Generation.NewBytes),
                verdict.IsKept ? "yes" : "no",
                string.Join(", ", verdict.Reasons),
            })],
            whenEmpty: "the job has no generation");
        int unwanted = verdicts.Count(verdict => !verdict.IsKept);
        output.Line(isDryRun
            ? $"{unwanted} generation(s) would be removed, {verdicts.Count - unwanted} stay"
            : $"{removed} generation(s) removed, {verdicts.Count - removed} stay; `checkpointer gc` gives the space back");
    }

    private static void RequireJobOrGeneration(ArgumentResult result)
    {
        foreach (Token token in result.Tokens.Where(token => !JobName.IsValid(token.Value) && !GenerationReference.TryParse(token.Value, out _)))
        {
            result.AddError($"'{token.Value}' is no name for a job or generation: {JobName.Rule}; or JOB/NUMBER.");
        }
    }
}
