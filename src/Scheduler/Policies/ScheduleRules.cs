using System.Text.Json.Serialization;
using Checkpointer.Scheduler.Schedules;

namespace Checkpointer.Scheduler.Policies;

/// <summary>
/// When dumps are due: one of <see cref="Every"/>, <see cref="Cron"/>, <see cref="Calendar"/>, <see cref="Auto"/> and <see cref="MaxOverhead"/>, of which the last two go
/// together.
/// </summary>
internal sealed record ScheduleRules
{
    private static readonly TimeSpan _shortest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _longest = TimeSpan.FromDays(1);

    /// <summary>From start to start.</summary>
    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? Every { get; init; }

    /// <summary>A cron expression: five fields as of crontab(5), six or seven as of Quartz.</summary>
    public string? Cron { get; init; }

    /// <summary>A calendar expression as of systemd.time(7).</summary>
    public string? Calendar { get; init; }

    /// <summary>True for Daly's interval from what dumps cost and how often the job fails.</summary>
    public bool? Auto { get; init; }

    /// <summary>Most part of the time that dumps may take: 0.01 for <c>1%</c>.</summary>
    [JsonConverter(typeof(ShareConverter))]
    public double? MaxOverhead { get; init; }

    /// <summary>Least interval of <see cref="Auto"/> and <see cref="MaxOverhead"/>; null for 10 s.</summary>
    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? Shortest { get; init; }

    /// <summary>Most interval of <see cref="Auto"/> and <see cref="MaxOverhead"/>; null for a day.</summary>
    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? Longest { get; init; }

    /// <summary>For <see cref="Auto"/>; null for what was observed, and a day where that is nothing yet.</summary>
    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? MeanTimeBetweenFailures { get; init; }

    /// <summary>Over how long jobs with the same schedule are spread; null for the whole interval of <see cref="Every"/> and for not
    /// at all with <see cref="Cron"/> and <see cref="Calendar"/>. The others spread by themselves.</summary>
    [JsonConverter(typeof(DurationOrNoneConverter))]
    public TimeSpan? Jitter { get; init; }

    /// <summary>What becomes of missed due times; null for <see cref="MisfireRule.Once"/>.</summary>
    [JsonConverter(typeof(WordConverter<MisfireRule>))]
    public MisfireRule? Misfire { get; init; }

    private bool SaysWhen => Every is not null || Cron is not null || Calendar is not null || Auto is not null || MaxOverhead is not null;

    /// <summary>The schedule that these make.</summary>
    /// <param name="job">Name of the job, by which it has its place among others.</param>
    /// <param name="zone">Whose calendar and clock.</param>
    /// <returns>Null where they say nothing of when.</returns>
    /// <exception cref="FormatException">An expression is none; the message says why.</exception>
    public ISchedule? ToSchedule(string job, TimeZoneInfo zone)
    {
        MisfireRule misfire = Misfire ?? MisfireRule.Once;
        TimeSpan Place(TimeSpan usual) => Spread.Of(job, Jitter ?? usual);
        if (Every is { } interval)
        {
            return new EverySchedule(interval, Place(interval), misfire);
        }

        if (Cron is not null)
        {
            return new TimetableSchedule(WallClockPatterns.Cron(Cron, zone), Place(TimeSpan.Zero), misfire, $"cron {Cron}");
        }

        if (Calendar is not null)
        {
            return new TimetableSchedule(WallClockPatterns.Calendar(Calendar, zone), Place(TimeSpan.Zero), misfire, $"calendar {Calendar}");
        }

        return Auto == true || MaxOverhead is not null
            ? new AdaptiveSchedule(new AdaptiveLimits(Auto == true, MaxOverhead, MeanTimeBetweenFailures, Shortest ?? _shortest, Longest ?? _longest))
            : null;
    }

    /// <summary>These, and what they do not say from others. When dumps are due is said by one of both, never half by each.</summary>
    public ScheduleRules Over(ScheduleRules? below)
    {
        if (below is null)
        {
            return this;
        }

        ScheduleRules when = SaysWhen ? this : below;
        return new ScheduleRules
        {
            Every = when.Every,
            Cron = when.Cron,
            Calendar = when.Calendar,
            Auto = when.Auto,
            MaxOverhead = when.MaxOverhead,
            Shortest = Shortest ?? below.Shortest,
            Longest = Longest ?? below.Longest,
            MeanTimeBetweenFailures = MeanTimeBetweenFailures ?? below.MeanTimeBetweenFailures,
            Jitter = Jitter ?? below.Jitter,
            Misfire = Misfire ?? below.Misfire,
        };
    }
}
