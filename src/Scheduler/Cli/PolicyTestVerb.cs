using System.CommandLine;
using System.Globalization;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Schedules;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>policy test</c>: plays a policy through, without any job.</summary>
internal sealed class PolicyTestVerb : Verb
{
    private const int Runs = 10;
    private static readonly TimeSpan _usualCost = TimeSpan.FromSeconds(20);

    private readonly Argument<string> _policy = new("POLICY") { Description = "A policy file of the host, without .json, or the path of one." };
    private readonly Option<TimeSpan?> _cost = Words.Duration("--cost", "How long a dump takes. Default: 20s.");
    private readonly Option<TimeSpan?> _mtbf = Words.Duration("--mtbf", "Mean time between failures, as if observed. Default: what the policy says, else 24h.");
    private readonly Option<DateTimeOffset?> _from = new("--from")
    {
        Description = "When the job comes under the policy: 2026-03-29T01:30, of the policy's time zone, or with an offset such as +01:00. Default: now.",
        HelpName = "TIME",
        CustomParser = _ => null,
    };

    private readonly Option<long?> _bytes = Words.Size(
        "--bytes", "What each generation adds to the store: 200M. Default: nothing, so that a budget of bytes is not played.");

    /// <summary>Makes the verb.</summary>
    public PolicyTestVerb()
        : base(
            "test",
            "Plays a policy through: the next ten dumps, and how many generations stay after a day, a week, a month and a year.",
            "policy test long-run --cost 20s --mtbf 6h",
            "policy test ./draft.json --from 2026-03-29T01:00 --bytes 200M")
    {
        Arguments.Add(_policy);
        Options.Add(_cost);
        Options.Add(_mtbf);
        Options.Add(_from);
        Options.Add(_bytes);
        _from.Validators.Add(result =>
        {
            if (!TryParse(result.Tokens[0].Value, TimeZoneInfo.Utc, out _))
            {
                result.AddError($"'{result.Tokens[0].Value}' is no time: 2026-03-29T01:30, or with an offset such as 2026-03-29T01:30+01:00.");
            }
        });
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        PolicyFile file = Find(invocation, arguments.GetRequiredValue(_policy));
        TimeZoneInfo zone = file.Policy.Zone(invocation.Time.LocalTimeZone);
        ISchedule? schedule = file.Policy.ToSchedule(file.Name, invocation.Time.LocalTimeZone);
        var job = new ForecastJob(
            From(arguments, zone) ?? invocation.Time.GetUtcNow(), arguments.GetValue(_cost) ?? _usualCost, arguments.GetValue(_mtbf), arguments.GetValue(_bytes) ?? 0);
        DateTimeOffset[] next = schedule is null ? [] : [.. Forecast.Starts(schedule, job).Take(Runs)];
        IReadOnlyList<ForecastPoint> points = schedule is null ? [] : Forecast.Points(schedule, file.Policy.ToRetentionPolicy(), zone, job);
        var line = new PolicyTestLine(
            file.Name, schedule?.Describe() ?? "by hand", zone.Id,
            [.. next.Select(time => TimeZoneInfo.ConvertTime(time, zone))],
            [.. points.Select(point => new ForecastLine(point.After, point.Taken, point.Kept, point.Oldest, point.Bytes))]);
        invocation.Output.Json(line, CliJson.Lines.PolicyTestLine);
        WriteForPeople(invocation.Output, line, schedule is not null);
        return ExitCode.Ok;
    }

    private static PolicyFile Find(Invocation invocation, string word)
    {
        if (!word.Contains('/', StringComparison.Ordinal) && !word.EndsWith(PolicyFileReader.Extension, StringComparison.Ordinal))
        {
            PolicyFolder policies = invocation.Rooms.OpenPolicies();
            return policies.Named(word);
        }

        (PolicyFile? file, IReadOnlyList<PolicyProblem> problems) = PolicyFileReader.Read(word);
        return file ?? throw new SchedulerException(
            SchedulerFailure.BadConfiguration, string.Join("; ", problems), "docs/policies.md has every key");
    }

    private static void WriteForPeople(Output output, PolicyTestLine line, bool isScheduled)
    {
        if (!isScheduled)
        {
            output.Line($"policy {line.Policy} has no schedule: dumps are taken by hand");
            return;
        }

        output.Line($"policy {line.Policy}: {line.Schedule}, time zone {line.TimeZone}");
        foreach (DateTimeOffset time in line.Next)
        {
            output.Line($"  {Format(time)}");
        }

        output.Table(
            [new("AFTER"), new("TAKEN", true), new("STAY", true), new("OLDEST"), new("BYTES", true)],
            [.. line.Points.Select(point => new[]
            {
                point.After, Quantity.Count(point.Taken), Quantity.Count(point.Kept),
                point.Oldest is { } oldest ? Format(TimeZoneInfo.ConvertTime(oldest, TimeZoneInfo.FindSystemTimeZoneById(line.TimeZone))) : "-",
                point.Bytes > 0 ? Quantity.Bytes(point.Bytes) : "-",
            })],
            whenEmpty: "there would be too many dumps to play a day through");
        if (line.Points.Count is > 0 and < 4)
        {
            output.Line("there would be too many dumps to play more");
        }
    }

    // With the offset: on the day on which clocks go back, the same time comes twice.
    private static string Format(DateTimeOffset time) => time.ToString("ddd yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);

    private DateTimeOffset? From(ParseResult arguments, TimeZoneInfo zone)
        => arguments.GetResult(_from)?.Tokens is [{ Value: var text }] && TryParse(text, zone, out DateTimeOffset time) ? time : null;

    // Without an offset, of a zone that is known only when the policy is.
    private static bool TryParse(string text, TimeZoneInfo zone, out DateTimeOffset time)
    {
        bool isTime = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
        if (isTime && DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTime local) && local.Kind == DateTimeKind.Unspecified)
        {
            time = new DateTimeOffset(local, zone.GetUtcOffset(local));
        }

        return isTime;
    }
}
