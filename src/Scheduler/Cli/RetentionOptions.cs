using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Cli;

/// <summary>The options that say which generations stay: <c>--keep-last N</c> and so on.</summary>
internal sealed class RetentionOptions
{
    private const string Unlimited = "unlimited";

    private readonly List<(RetentionPeriod Period, Option<int?> Option)> _counts = [];
    private readonly List<(RetentionPeriod Period, Option<CalendarSpan?> Option)> _spans = [];
    private readonly Option<long?> _bytes = Words.Size(
        "--max-bytes", "Remove the oldest, whatever rule keeps them, until the others have added no more than this to the store: 500MiB, 20GiB.");

    private readonly Option<TimeZoneInfo?> _zone = new("--time-zone")
    {
        Description = "Whose hours, days and weeks: a name such as UTC or Europe/Berlin. Default: the host's.",
        HelpName = "ZONE",
        CustomParser = ParseZone,
    };

    /// <summary>Adds the options to a verb.</summary>
    public RetentionOptions(Command verb)
    {
        foreach (RetentionPeriod period in Enum.GetValues<RetentionPeriod>())
        {
            string word = period.ToString().ToLowerInvariant();
            _counts.Add((period, new Option<int?>($"--keep-{word}")
            {
                Description = period == RetentionPeriod.Last
                    ? "Keep the N newest, or all with 'unlimited'."
                    : $"Keep the newest of each of the N newest {Noun(period)} that have one, or of all with 'unlimited'.",
                HelpName = "N",
                CustomParser = ParseCount,
            }));
            string within = period == RetentionPeriod.Last ? "--keep-within" : $"--keep-within-{word}";
            _spans.Add((period, new Option<CalendarSpan?>(within)
            {
                Description = period == RetentionPeriod.Last
                    ? "Keep all that are newer than SPAN before the newest one: 12h, 7d, 1y6mo."
                    : $"Keep the newest of each of the {Noun(period)} within SPAN before the newest one.",
                HelpName = "SPAN",
                CustomParser = ParseSpan,
            }));
        }

        _counts.ForEach(count => verb.Options.Add(count.Option));
        _spans.ForEach(span => verb.Options.Add(span.Option));
        verb.Options.Add(_bytes);
        verb.Options.Add(_zone);
    }

    /// <summary>The rules that a command line asks for; null for none.</summary>
    public RetentionRules? Rules(ParseResult arguments)
    {
        int? Count(RetentionPeriod period) => arguments.GetValue(_counts.Find(count => count.Period == period).Option);
        CalendarSpan? Within(RetentionPeriod period) => arguments.GetValue(_spans.Find(span => span.Period == period).Option);
        var rules = new RetentionRules
        {
            KeepLast = Count(RetentionPeriod.Last),
            KeepMinutely = Count(RetentionPeriod.Minutely),
            KeepHourly = Count(RetentionPeriod.Hourly),
            KeepDaily = Count(RetentionPeriod.Daily),
            KeepWeekly = Count(RetentionPeriod.Weekly),
            KeepMonthly = Count(RetentionPeriod.Monthly),
            KeepYearly = Count(RetentionPeriod.Yearly),
            KeepWithin = Within(RetentionPeriod.Last),
            KeepWithinMinutely = Within(RetentionPeriod.Minutely),
            KeepWithinHourly = Within(RetentionPeriod.Hourly),
            KeepWithinDaily = Within(RetentionPeriod.Daily),
            KeepWithinWeekly = Within(RetentionPeriod.Weekly),
            KeepWithinMonthly = Within(RetentionPeriod.Monthly),
            KeepWithinYearly = Within(RetentionPeriod.Yearly),
            MaxBytes = arguments.GetValue(_bytes),
        };
        return rules == new RetentionRules() ? null : rules;
    }

    /// <summary>The policy that a command line asks for.</summary>
    public RetentionPolicy Policy(ParseResult arguments) => Rules(arguments)?.ToPolicy() ?? RetentionPolicy.Nothing;

    /// <summary>Whether one of the options is on the command line.</summary>
    public bool IsAnyIn(CommandResult result)
        => _counts.Exists(count => result.GetResult(count.Option) is not null)
            || _spans.Exists(span => result.GetResult(span.Option) is not null)
            || result.GetResult(_bytes) is not null || result.GetResult(_zone) is not null;

    /// <summary>Whose calendar.</summary>
    public TimeZoneInfo Zone(ParseResult arguments, TimeProvider time) => arguments.GetValue(_zone) ?? time.LocalTimeZone;

    /// <summary>Name of the time zone that was said; null for none.</summary>
    public string? ZoneName(ParseResult arguments) => arguments.GetValue(_zone)?.Id;

    private static string Noun(RetentionPeriod period) => period switch
    {
        RetentionPeriod.Minutely => "minutes",
        RetentionPeriod.Hourly => "hours",
        RetentionPeriod.Daily => "days",
        RetentionPeriod.Weekly => "weeks (from Monday)",
        RetentionPeriod.Monthly => "months",
        _ => "years",
    };

    private static int? ParseCount(ArgumentResult result)
    {
        string word = result.Tokens[0].Value;
        if (word == Unlimited)
        {
            return int.MaxValue;
        }

        if (int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0)
        {
            return count;
        }

        result.AddError($"'{word}' is no number of generations: a positive number, or '{Unlimited}'.");
        return null;
    }

    private static CalendarSpan? ParseSpan(ArgumentResult result)
    {
        string word = result.Tokens[0].Value;
        if (CalendarSpan.TryParse(word, out CalendarSpan span))
        {
            return span;
        }

        result.AddError($"'{word}' is no span of time: {CalendarSpan.Rule}.");
        return null;
    }

    private static TimeZoneInfo? ParseZone(ArgumentResult result)
    {
        string word = result.Tokens[0].Value;
        if (TimeZoneInfo.TryFindSystemTimeZoneById(word, out TimeZoneInfo? zone))
        {
            return zone;
        }

        result.AddError($"'{word}' is no time zone that this host knows.");
        return null;
    }
}
