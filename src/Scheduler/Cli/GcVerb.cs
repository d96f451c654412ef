using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>gc</c>: gives back the space of what no generation needs.</summary>
internal sealed class GcVerb : Verb
{
    /// <summary>At half dead, each byte that is freed costs one that is copied.</summary>
    private const double DefaultShare = 0.5;

    /// <summary>Longer than most dumps; a cron job may well wait so long.</summary>
    private static readonly TimeSpan _defaultWait = TimeSpan.FromMinutes(10);

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only show what would be freed." };

    private readonly Option<double> _repack = new("--repack")
    {
        Description = "Rewrite packs of which at least this much is dead, such as 20%. Default: 50%. Less frees more and copies more.",
        HelpName = "PERCENT",
        DefaultValueFactory = _ => DefaultShare,
        CustomParser = ParsePercent,
    };

    private readonly Option<TimeSpan?> _wait = Words.Duration(
        "--wait", "How long to wait for dumps and restores to end before packs are exchanged. Default: 10m.");

    /// <summary>Makes the verb.</summary>
    public GcVerb()
        : base(
            "gc",
            "Collects garbage: gives back the space of what no generation needs any more. Dumps and restores may go on meanwhile.",
            "gc",
            "gc --dry-run",
            "gc --repack 20% --wait 1h --json")
    {
        Options.Add(_dryRun);
        Options.Add(_repack);
        Options.Add(_wait);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        using IJobStore store = invocation.Rooms.OpenStore();
        var options = new CollectOptions(arguments.GetValue(_dryRun), arguments.GetValue(_repack), arguments.GetValue(_wait) ?? _defaultWait);
        long started = invocation.Time.GetTimestamp();
        CollectReport report = Collect(invocation, store, options);
        GcLine line = ToLine(report, options.IsDryRun, invocation.Time.GetElapsedTime(started));
        invocation.Output.Json(line, CliJson.Lines.GcLine);
        WriteForPeople(invocation.Output, line);
        return line.DamagedPacks.Count == 0 ? ExitCode.Ok : ExitCode.Warnings;
    }

    private static CollectReport Collect(Invocation invocation, IJobStore store, CollectOptions options)
    {
        using IProgressTask task = invocation.Progress.Start("collection of garbage", 0);
        return store.Collect(options, task, invocation.Cancellation);
    }

    private static GcLine ToLine(CollectReport report, bool isDryRun, TimeSpan duration)
        => new(
            isDryRun,
            report.Generations,
            report.Packs,
            report.LiveBytes,
            report.DeadBytes,
            report.DroppedPacks,
            report.RepackedPacks,
            report.PostponedPacks,
            report.CopiedBytes,
            report.FreedBytes,
            report.DamagedPacks,
            (long)duration.TotalMilliseconds);

    private static void WriteForPeople(Output output, GcLine line)
    {
        output.Line(
            $"{line.Generations} generation(s) need {Quantity.Bytes(line.LiveBytes)} in {line.Packs} pack(s); {Quantity.Bytes(line.DeadBytes)} are dead");
        string would = line.DryRun ? "would be " : "";
        output.Line(
            $"{line.DroppedPacks} pack(s) {would}dropped, {line.RepackedPacks} {would}rewritten ({Quantity.Bytes(line.CopiedBytes)} copied), "
            + $"{Quantity.Bytes(line.FreedBytes)} {would}freed, in {Quantity.Duration(TimeSpan.FromMilliseconds(line.DurationMs))}");
        if (line.PostponedPacks > 0)
        {
            output.Line($"{line.PostponedPacks} pack(s) stay until the next time: a dump needs what was dead in them");
        }

        foreach (string pack in line.DamagedPacks)
        {
            output.Line($"{pack} stays: what generations need of it cannot be read; `checkpointer verify` says whose it is");
        }
    }

    private static double ParsePercent(ArgumentResult result)
    {
        string word = result.Tokens[0].Value;
        if (word.EndsWith('%')
            && double.TryParse(word.AsSpan(0, word.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent)
            && percent is > 0 and <= 100)
        {
            return percent / 100;
        }

        result.AddError($"'{word}' is no share: above 0% up to 100%.");
        return DefaultShare;
    }
}
