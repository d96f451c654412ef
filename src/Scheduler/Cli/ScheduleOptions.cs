using System.CommandLine;
using System.CommandLine.Parsing;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Schedules;

namespace Checkpointer.Scheduler.Cli;

/// <summary>Options that say when dumps of a job are due.</summary>
internal sealed class ScheduleOptions
{
    private readonly Option<TimeSpan?> _every = Words.Duration("--every", "A dump every DURATION, the first at once: 15m, 2h.");

    private readonly Option<string?> _cron = new("--cron")
    {
        Description = "Dumps by a cron expression: five fields as of crontab(5), six or seven as of Quartz.",
        HelpName = "CRON",
        CustomParser = result => ParseExpression(result, "cron", WallClockPatterns.Cron),
    };

    private readonly Option<string?> _calendar = new("--calendar")
    {
        Description = "Dumps by a calendar expression as of systemd.time(7): 'Mon..Fri 8:00', '*:0/15', hourly.",
        HelpName = "CALENDAR",
        CustomParser = result => ParseExpression(result, "calendar", WallClockPatterns.Calendar),
    };

    private readonly Option<bool> _auto = new("--auto")
    {
        Description = "Dumps as often as costs the job least, by Daly's formula from how long dumps take and how often the job fails.",
    };

    private readonly Option<double?> _overhead = new("--max-overhead")
    {
        Description = "Dumps so seldom that they take no more than this part of the time: 1%. Alone, or with --auto.",
        HelpName = "PERCENT",
        CustomParser = ParseShare,
    };

    private readonly Option<TimeSpan?> _mtbf = Words.Duration("--mtbf", "Mean time between failures for --auto. Default: as observed, 24h until then.");

    private readonly Option<TimeSpan?> _jitter = new("--jitter")
    {
        Description = "Spread jobs with the same schedule over DURATION, or not with 'none'. Default: over the interval of --every.",
        HelpName = "DURATION",
        CustomParser = ParseJitter,
    };

    private readonly Option<MisfireRule?> _misfire = Words.Choice<MisfireRule>(
        "--misfire", "What becomes of due times that were missed: one dump at once (once, the default), or nothing (skip).");

    /// <summary>Adds the options to a verb.</summary>
    public ScheduleOptions(Verb verb)
    {
        Option[] all = [_every, _cron, _calendar, _auto, _overhead, _mtbf, _jitter, _misfire];
        Array.ForEach(all, verb.Options.Add);
        verb.Validators.Add(result =>
        {
            Option[] said = [.. new Option[] { _every, _cron, _calendar, _auto, _overhead }.Where(option => result.GetResult(option) is { Implicit: false })];
            if (said.Length > 1 && said[0] != _auto)
            {
                result.AddError($"{said[0].Name} and {said[1].Name} exclude each other: both say when dumps are due.");
            }
        });
    }

    /// <summary>The rules that they make; null for none.</summary>
    public ScheduleRules? Rules(ParseResult arguments)
    {
        var rules = new ScheduleRules
        {
            Every = arguments.GetValue(_every),
            Cron = arguments.GetValue(_cron),
            Calendar = arguments.GetValue(_calendar),
            Auto = arguments.GetValue(_auto) ? true : null,
            MaxOverhead = arguments.GetValue(_overhead),
            MeanTimeBetweenFailures = arguments.GetValue(_mtbf),
            Jitter = arguments.GetValue(_jitter),
            Misfire = arguments.GetValue(_misfire),
        };
        return rules == new ScheduleRules() ? null : rules;
    }

    private static string? ParseExpression(ArgumentResult result, string kind, Func<string, TimeZoneInfo, Timetable> read)
    {
        string text = result.Tokens[0].Value;
        try
        {
            _ = read(text, TimeZoneInfo.Utc);
        }
        catch (FormatException malformed)
        {
            result.AddError($"'{text}' is no {kind} expression: {malformed.Message}.");
        }

        return text;
    }

    private static double? ParseShare(ArgumentResult result)
    {
        string word = result.Tokens[0].Value;
        if (ShareText.TryParse(word, out double share))
        {
            return share;
        }

        result.AddError($"'{word}' is not {ShareText.Rule}.");
        return null;
    }

    private static TimeSpan? ParseJitter(ArgumentResult result)
    {
        string word = result.Tokens[0].Value;
        if (word == DurationOrNoneConverter.None)
        {
            return TimeSpan.Zero;
        }

        if (DurationText.TryParse(word, out TimeSpan duration))
        {
            return duration;
        }

        result.AddError($"'{word}' is neither '{DurationOrNoneConverter.None}' nor a duration: {DurationText.Rule}.");
        return null;
    }
}
