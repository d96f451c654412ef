using System.CommandLine;
using System.CommandLine.Parsing;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>verify</c>: proves stored bytes good.</summary>
internal sealed class VerifyVerb : Verb
{
    private readonly Argument<GenerationReference?> _generation =
        Words.OptionalGeneration("JOB/NUMBER or JOB/latest. Default: everything in the store.");

    private readonly Option<double?> _share = new("--share")
    {
        Description = "Only this much of the store, such as 5% or 1/7: what was proved longest ago. The next time goes on with the rest.",
        HelpName = "SHARE",
        CustomParser = ParseShare,
    };

    private readonly Option<long?> _rate = Words.Size(
        "--limit-rate", "Read no more than this per second, such as 50MiB.");

    private readonly Option<bool> _all = new("--all") { Description = "Everything in the store. This is the default." };

    /// <summary>Makes the verb.</summary>
    public VerifyVerb()
        : base(
            "verify",
            "Reads every stored byte again, proves it by its hash, and names what is bad and which generations that spoils.",
            "verify",
            "verify md/latest",
            "verify --share 1/7 --limit-rate 50MiB",
            "verify --all --json")
    {
        Arguments.Add(_generation);
        Options.Add(_all);
        Options.Add(_share);
        Options.Add(_rate);
        Validators.Add(result =>
        {
            if (result.GetResult(_all) is not null && result.GetResult(_generation)?.Tokens.Count > 0)
            {
                result.AddError("Name a GENERATION or --all, not both.");
            }

            if (result.GetResult(_share) is not null && (result.GetResult(_all) is not null || result.GetResult(_generation)?.Tokens.Count > 0))
            {
                result.AddError("--share is of the whole store: it goes with neither a GENERATION nor --all.");
            }
        });
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        long started = invocation.Time.GetTimestamp();
        if (IsLocked(invocation) && arguments.GetValue(_generation) is null && arguments.GetValue(_share) is null)
        {
            return Write(invocation, ToLine(VerifyChecksums(invocation), new ProofAges(0, 0, null), invocation.Time.GetElapsedTime(started)) with { ChecksumsOnly = true });
        }

        using IJobStore store = invocation.Rooms.OpenStore();
        GenerationName? only = arguments.GetValue(_generation)?.Resolve(store);
        VerifyReport report = Verify(invocation, store, new VerifyOptions(only, arguments.GetValue(_share) ?? 1, arguments.GetValue(_rate)));
        return Write(invocation, ToLine(report, store.Proofs(), invocation.Time.GetElapsedTime(started)));
    }

    private static int Write(Invocation invocation, VerifyLine line)
    {
        invocation.Output.Json(line, CliJson.Lines.VerifyLine);
        WriteForPeople(invocation.Output, line, invocation.Time);
        return line.Good ? ExitCode.Ok : ExitCode.Corrupt;
    }

    // Encrypted, and no key is at hand: nobody was wrong about one either.
    private static bool IsLocked(Invocation invocation)
    {
        invocation.Rooms.AskForSecret();
        return !invocation.Rooms.Settings.Store.HasSecret() && File.Exists(Path.Combine(invocation.Rooms.StoreDirectory, "format")) && StoreKeys.IsEncrypted(invocation.Rooms.StoreDirectory);
    }

    private static VerifyReport VerifyChecksums(Invocation invocation)
    {
        using IProgressTask task = invocation.Progress.Start("verify of checksums", 0);
        return CheckpointStore.VerifyChecksums(invocation.Rooms.StoreDirectory, task, invocation.Cancellation);
    }

    private static VerifyReport Verify(Invocation invocation, IJobStore store, VerifyOptions options)
    {
        // How much of the store one generation needs is known only after its manifest was walked.
        long total = options.Only is null ? (long)(store.Statistics().StoredBytes * options.Share) : 0;
        using IProgressTask task = invocation.Progress.Start($"verify of {options.Only?.ToString() ?? "the store"}", total);
        return store.VerifyWith(options, task, invocation.Cancellation);
    }

    private static void WriteForPeople(Output output, VerifyLine line, TimeProvider time)
    {
        output.Line(
            $"{line.Generations.Count} generation(s), {line.Chunks} chunk(s), {line.Packs} pack(s), {Quantity.Bytes(line.Bytes)} read "
            + $"in {Quantity.Duration(TimeSpan.FromMilliseconds(line.DurationMs))}");
        if (line.OldestProof is { } oldest)
        {
            output.Line(line.UnprovedPacks > 0
                ? $"{line.UnprovedPacks} pack(s) of the store were never proved as a whole"
                : $"every pack of the store was proved as a whole since {Quantity.Time(oldest, time)}");
        }

        output.Table(
            [new("WHERE"), new("WHAT"), new("SPOILS")],
            [.. line.Damages.Select(damage => new[] { damage.Where, damage.What, Join(damage.Generations) })],
            whenEmpty: line.ChecksumsOnly ? "all checksums are good" : "all good");
        if (line.ChecksumsOnly)
        {
            output.Warning("the store is encrypted and no key was given: only checksums were compared, and which generations damage spoils is not known");
        }

        if (line.SpoiledGenerations.Count > 0)
        {
            output.Line($"spoiled: {Join(line.SpoiledGenerations)}");
        }
    }

    private static double? ParseShare(ArgumentResult result)
    {
        string word = result.Tokens[0].Value;
        if (StoreShare.TryParse(word, out double share))
        {
            return share;
        }

        result.AddError($"'{word}' is no share: {StoreShare.Rule}.");
        return null;
    }

    private static VerifyLine ToLine(VerifyReport report, ProofAges proofs, TimeSpan duration)
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
                .ThenBy(name => name.Number)),
            proofs.Never,
            proofs.Oldest,
            false);

    private static string[] Names(IEnumerable<GenerationName> names) => [.. names.Select(name => name.ToString())];

    private static string Join(IReadOnlyList<string> names) => names.Count > 0 ? string.Join(", ", names) : "no generation";
}
