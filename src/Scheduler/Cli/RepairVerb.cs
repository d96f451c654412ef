using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>repair</c>: makes a damaged store sound, and says what that cost.</summary>
internal sealed class RepairVerb : Verb
{
    /// <summary>As of <c>gc</c>: packs are exchanged in the same way.</summary>
    private static readonly TimeSpan _defaultWait = TimeSpan.FromMinutes(10);

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only show what is damaged, and what would be saved and lost." };

    private readonly Option<TimeSpan?> _wait = Words.Duration(
        "--wait", "How long to wait for dumps and restores to end before packs are exchanged. Default: 10m.");

    /// <summary>Makes the verb.</summary>
    public RepairVerb()
        : base(
            "repair",
            "Verifies the store, saves what is good of damaged packs, moves these to quarantine, rebuilds a damaged index, and names the generations that are lost.",
            "repair --dry-run",
            "repair",
            "repair --wait 1h --json")
    {
        Options.Add(_dryRun);
        Options.Add(_wait);
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        var options = new RepairOptions(arguments.GetValue(_dryRun), arguments.GetValue(_wait) ?? _defaultWait);
        long started = invocation.Time.GetTimestamp();
        RepairReport report = Repair(invocation, options);
        RepairLine line = ToLine(report, options.IsDryRun, invocation.Time.GetElapsedTime(started));
        invocation.Output.Json(line, CliJson.Lines.RepairLine);
        WriteForPeople(invocation.Output, line, Path.Combine(invocation.Rooms.StoreDirectory, "quarantine"));
        bool isPending = line.DryRun && !line.Good;
        return isPending || line.LostGenerations.Count > 0 ? ExitCode.Warnings : ExitCode.Ok;
    }

    private static RepairReport Repair(Invocation invocation, RepairOptions options)
    {
        using IProgressTask task = invocation.Progress.Start("repair of the store", 0);
        return invocation.Rooms.RepairStore(options, task, invocation.Cancellation);
    }

    private static RepairLine ToLine(RepairReport report, bool isDryRun, TimeSpan duration)
        => new(
            isDryRun,
            report.Damages.Count == 0 && !report.FormatWritten && !report.IndexRebuilt && report.QuarantinedPacks.Count == 0,
            report.FormatWritten,
            report.IndexRebuilt,
            report.Packs,
            report.Bytes,
            [.. report.Damages.Select(damage => new DamageLine(damage.Where, damage.What, Names(damage.Generations)))],
            report.QuarantinedPacks,
            report.SavedChunks,
            report.SavedBytes,
            report.LostChunks,
            Names(report.SavedGenerations),
            Names(report.LostGenerations),
            (long)duration.TotalMilliseconds);

    private static void WriteForPeople(Output output, RepairLine line, string quarantine)
    {
        output.Line($"{line.Packs} pack(s), {Quantity.Bytes(line.Bytes)} read in {Quantity.Duration(TimeSpan.FromMilliseconds(line.DurationMs))}");
        if (line.Good)
        {
            output.Line("nothing to repair");
            return;
        }

        string done = line.DryRun ? "would be " : "";
        output.Table(
            [new("WHERE"), new("WHAT"), new("SPOILED")],
            [.. line.Damages.Select(damage => new[] { damage.Where, damage.What, Join(damage.Generations) })],
            whenEmpty: "no pack is damaged");
        if (line.FormatWritten)
        {
            output.Line($"the file `format` {done}made again");
        }

        if (line.IndexRebuilt)
        {
            output.Line($"the index {done}rebuilt from the packs; generations that were forgotten since the last gc are back");
        }

        if (line.QuarantinedPacks.Count > 0)
        {
            output.Line($"{line.QuarantinedPacks.Count} pack(s) {done}moved to {quarantine}; of them {line.SavedChunks} chunk(s), {Quantity.Bytes(line.SavedBytes)}, {done}saved, {line.LostChunks} are lost");
        }

        output.Line($"saved: {Join(line.SavedGenerations)}");
        output.Line($"lost: {Join(line.LostGenerations)}");
        if (line.LostGenerations.Count > 0)
        {
            output.Line("a full dump of a job that still holds the same bytes may make lost generations whole; `forget` removes them");
        }
    }

    private static string[] Names(IEnumerable<GenerationName> names) => [.. names.Select(name => name.ToString())];

    private static string Join(IReadOnlyList<string> names) => names.Count > 0 ? string.Join(", ", names) : "no generation";
}
