using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>verify</c>: proves stored bytes good.</summary>
internal sealed class VerifyVerb : Verb
{
    private readonly Argument<GenerationReference?> _generation =
        Words.OptionalGeneration("JOB/NUMBER or JOB/latest. Default: everything in the store.");

    private readonly Option<bool> _all = new("--all") { Description = "Everything in the store. This is the default." };

    /// <summary>Makes the verb.</summary>
    public VerifyVerb()
        : base(
            "verify",
            "Reads every stored byte again, proves it by its hash, and names what is bad and which generations that spoils.",
            "verify",
            "verify md/latest",
            "verify --all --json")
    {
        Arguments.Add(_generation);
        Options.Add(_all);
        Validators.Add(result =>
        {
            if (result.GetResult(_all) is not null && result.GetResult(_generation)?.Tokens.Count > 0)
            {
                result.AddError("Name a GENERATION or --all, not both.");
            }
        });
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        GenerationName? only = arguments.GetValue(_generation)?.Resolve(store);
        long started = invocation.Time.GetTimestamp();
        VerifyReport report = Verify(invocation, store, only);
        VerifyLine line = ToLine(report, invocation.Time.GetElapsedTime(started));
        invocation.Output.Json(line, CliJson.Lines.VerifyLine);
        WriteForPeople(invocation.Output, line);
        return line.Good ? ExitCode.Ok : ExitCode.Corrupt;
    }

    private static VerifyReport Verify(Invocation invocation, IJobStore store, GenerationName? only)
    {
        // How much of the store one generation needs is known only after its manifest was walked.
        long total = only is null ? store.Statistics().StoredBytes : 0;
        using IProgressTask task = invocation.Progress.Start($"verify of {only?.ToString() ?? "the store"}", total);
        return store.Verify(only, task, invocation.Cancellation);
    }

    private static void WriteForPeople(Output output, VerifyLine line)
    {
        output.Line(
            $"{line.Generations.Count} generation(s), {line.Chunks} chunk(s), {line.Packs} pack(s), {Quantity.Bytes(line.Bytes)} read "
            + $"in {Quantity.Duration(TimeSpan.FromMilliseconds(line.DurationMs))}");
        output.Table(
            [new("WHERE"), new("WHAT"), new("SPOILS")],
            [.. line.Damages.Select(damage => new[] { damage.Where, damage.What, Join(damage.Generations) })],
            whenEmpty: "all good");
        if (line.SpoiledGenerations.Count > 0)
        {
            output.Line($"spoiled: {Join(line.SpoiledGenerations)}");
        }
    }

    private static VerifyLine ToLine(VerifyReport report, TimeSpan duration)
        => new(
            report.Damages.Count == 0,
            report.Packs,
            report.Chunks,
            report.Bytes,
            (long)duration.TotalMilliseconds,
            Names(report.Generations),
            [.. report.Damages.Select(damage => new DamageLine(damage.Where, damage.What, Names(damage.Generations)))],
            Names(report.Damages
                .SelectMany(damage => damage.Generations)
                .Distinct()
                .OrderBy(name => name.Job, StringComparer.Ordinal)
                .ThenBy(name => name.Number)));

    private static string[] Names(IEnumerable<GenerationName> names) => [.. names.Select(name => name.ToString())];

    private static string Join(IReadOnlyList<string> names) => names.Count > 0 ? string.Join(", ", names) : "no generation";
}
