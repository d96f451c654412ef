using Checkpointer.Scheduler.Schedules;

namespace Checkpointer.Scheduler.Tests.Schedules;

public sealed class TimetableScheduleTests
{
    private static readonly TimeZoneInfo _berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
    private static readonly DateTimeOffset _noon = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);

    /// <summary>In Berlin 2026 clocks go from 2:00 to 3:00 on March 29 and from 3:00 back to 2:00 on October 25, both at 1:00 UTC.</summary>
    [Theory]
    [InlineData("*-*-* 2:30", "2026-03-28T20:00Z", "2026-03-29T01:00Z,2026-03-30T00:30Z")]
    [InlineData("*:0/30", "2026-03-29T00:10Z", "2026-03-29T00:30Z,2026-03-29T01:00Z,2026-03-29T01:30Z")]
    [InlineData("*-*-* 2:0/20", "2026-03-28T20:00Z", "2026-03-29T01:00Z,2026-03-30T00:00Z")]
    [InlineData("*-*-* 3:00", "2026-03-28T20:00Z", "2026-03-29T01:00Z,2026-03-30T01:00Z")]
    [InlineData("*-*-* 2:30", "2026-10-24T20:00Z", "2026-10-25T00:30Z,2026-10-25T01:30Z,2026-10-26T01:30Z")]
    [InlineData("*:0/30", "2026-10-25T00:10Z", "2026-10-25T00:30Z,2026-10-25T01:00Z,2026-10-25T01:30Z,2026-10-25T02:00Z")]
    [InlineData("*-*-* 3:00", "2026-10-24T20:00Z", "2026-10-25T02:00Z,2026-10-26T02:00Z")]
    [InlineData("*-12-24 18:00", "2026-01-01T00:00Z", "2026-12-24T17:00Z,2027-12-24T17:00Z")]
    [InlineData("*-7-1 18:00", "2026-01-01T00:00Z", "2026-07-01T16:00Z,2027-07-01T16:00Z")]
    public void After_WhereClocksChange_LosesNothing(string expression, string from, string expected)
    {
        Timetable timetable = WallClockPatterns.Calendar(expression, _berlin);
        DateTimeOffset at = DateTimeOffset.Parse(from);

        Assert.All(expected.Split(','), due =>
        {
            at = timetable.After(at)!.Value;
            Assert.Equal(DateTimeOffset.Parse(due), at);
        });
    }

    [Theory]
    [InlineData("0 30 2 * * ?")]
    [InlineData("30 2 * * *")]
    public void Cron_WhereClocksGoForward_ComesAtTheEndOfTheGap(string expression)
        => Assert.Equal(DateTimeOffset.Parse("2026-03-29T01:00Z"), WallClockPatterns.Cron(expression, _berlin).After(DateTimeOffset.Parse("2026-03-28T20:00Z")));

    [Fact]
    public void Next_WithoutADump_IsTheFirstTimeToCome()
        => Assert.Equal(_noon.AddHours(1), Hourly().Next(new ScheduleMoment(_noon, null)));

    [Fact]
    public void Next_WithoutADumpSinceTheRegistration_IsTheOneThatWasMissed()
        => Assert.Equal(_noon.AddHours(-2), Hourly().Next(new ScheduleMoment(_noon, null, Since: _noon.AddHours(-2.5))));

    [Theory]
    [InlineData(MisfireRule.Once, -4)]
    [InlineData(MisfireRule.Skip, 1)]
    internal void Next_AfterFiveHoursDown_GoesByTheRule(MisfireRule rule, int expectedHour)
        => Assert.Equal(_noon.AddHours(expectedHour), Hourly(rule).Next(new ScheduleMoment(_noon.AddMinutes(7), _noon.AddHours(-5))));

    [Fact]
    public void Next_ThatIsLateByLess_IsNotSkipped()
        => Assert.Equal(_noon, Hourly(MisfireRule.Skip).Next(new ScheduleMoment(_noon.AddSeconds(30), _noon.AddHours(-1))));

    [Fact]
    public void Next_WhenTheClockWasPutBackADay_IsTheFirstTimeToCome()
    {
        DateTimeOffset last = _noon.AddDays(1);

        Assert.Equal(_noon.AddHours(1), Hourly().Next(new ScheduleMoment(_noon.AddMinutes(7), last)));
        Assert.Equal(_noon.AddHours(1), Hourly().Next(new ScheduleMoment(_noon.AddHours(1), last)));
        Assert.Equal(_noon.AddHours(1), Hourly().Next(new ScheduleMoment(_noon.AddHours(1).AddSeconds(5), last)));
    }

    [Fact]
    public void Next_WhenTheClockWasPutBackASecond_IsNotTheSameAgain()
        => Assert.Equal(_noon.AddHours(1), Hourly().Next(new ScheduleMoment(_noon.AddSeconds(-1), _noon)));

    [Fact]
    public void Next_WithAPlaceAmongOthers_IsThatMuchLaterEveryTime()
    {
        var place = TimeSpan.FromMinutes(7);
        var schedule = new TimetableSchedule(WallClockPatterns.Calendar("hourly", TimeZoneInfo.Utc), place, MisfireRule.Once, "");
        DateTimeOffset start = _noon + place;
        for (int round = 1; round <= 100; round++)
        {
            DateTimeOffset due = schedule.Next(new ScheduleMoment(start, start))!.Value;

            Assert.Equal(_noon.AddHours(round) + place, due);
            start = due.AddSeconds(round);
        }
    }

    [Fact]
    public void Next_ThatIsNever_IsNull()
        => Assert.Null(new TimetableSchedule(WallClockPatterns.Calendar("2020-01-01", TimeZoneInfo.Utc), TimeSpan.Zero, MisfireRule.Skip, "").Next(new ScheduleMoment(_noon, null)));

    [Fact]
    public void After_AtRandomTimesInZonesThatChange_IsLaterMonotoneAndNamedByTheExpression()
    {
        var random = new Random(11);
        string[] zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC"];
        string[] expressions = ["*:0/15", "*-*-* 2:30", "Mon..Fri 8:00", "*-*~1 23:59:59", "Sun *-*-* 0/3:7"];
        for (int round = 0; round < 3000; round++)
        {
            TimeZoneInfo zone = TimeZoneInfo.FindSystemTimeZoneById(zones[random.Next(zones.Length)]);
            string expression = expressions[random.Next(expressions.Length)];
            Timetable timetable = WallClockPatterns.Calendar(expression, zone);
            DateTimeOffset time = DateTimeOffset.UnixEpoch.AddSeconds(random.NextInt64(1_900_000_000));
            DateTimeOffset due = timetable.After(time)!.Value;
            DateTime wall = TimeZoneInfo.ConvertTime(due, zone).DateTime;
            bool isAfterGap = zone.GetUtcOffset(due) > zone.GetUtcOffset(due.AddTicks(-1));

            Assert.True(due > time, $"{expression} {zone.Id} {time}");
            Assert.Equal(due, timetable.After(due.AddTicks(-1)));
            Assert.True(isAfterGap || CalendarReader.Read(expression).AtOrAfter(wall) == wall, $"{expression} {zone.Id} {time}: {due}");
        }
    }

    private static TimetableSchedule Hourly(MisfireRule rule = MisfireRule.Once)
        => new(WallClockPatterns.Calendar("hourly", TimeZoneInfo.Utc), TimeSpan.Zero, rule, "");
}
