using Checkpointer.Scheduler.Schedules;

namespace Checkpointer.Scheduler.Tests.Schedules;

public sealed class EveryScheduleTests
{
    private static readonly TimeSpan _quarter = TimeSpan.FromMinutes(15);
    private static readonly DateTimeOffset _noon = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Next_BeforeTheFirstDump_IsNow() => Assert.Equal(_noon, Every(_quarter).Next(new ScheduleMoment(_noon, null)));

    [Fact]
    public void Next_AfterLateDumps_StaysOnTheGrid()
    {
        DateTimeOffset start = _noon;
        for (int round = 1; round <= 1000; round++)
        {
            DateTimeOffset due = Every(_quarter).Next(new ScheduleMoment(start, start))!.Value;

            Assert.Equal(_noon + (round * _quarter), due);
            start = due + TimeSpan.FromSeconds(round % 200);
        }
    }

    [Fact]
    public void Next_AfterADumpByHandShortlyBeforeAPoint_PassesItOver()
    {
        DateTimeOffset byHand = _noon - TimeSpan.FromMinutes(1);

        Assert.Equal(_noon + _quarter, Every(_quarter).Next(new ScheduleMoment(byHand, byHand)));
    }

    [Theory]
    [InlineData(MisfireRule.Once, "2026-03-04T12:15:00Z")]
    [InlineData(MisfireRule.Skip, "2026-03-04T17:15:00Z")]
    internal void Next_AfterFiveHoursDown_GoesByTheRule(MisfireRule rule, string expected)
    {
        var moment = new ScheduleMoment(_noon.AddHours(5).AddMinutes(7), _noon);

        Assert.Equal(DateTimeOffset.Parse(expected), new EverySchedule(_quarter, TimeSpan.Zero, rule).Next(moment));
    }

    [Fact]
    public void Next_ThatIsLateByLess_IsNotSkipped()
    {
        var moment = new ScheduleMoment(_noon + _quarter + TimeSpan.FromSeconds(30), _noon);

        Assert.Equal(_noon + _quarter, new EverySchedule(_quarter, TimeSpan.Zero, MisfireRule.Skip).Next(moment));
    }

    [Fact]
    public void Next_WhenTheClockWasPutBackADay_IsNow()
    {
        var moment = new ScheduleMoment(_noon.AddDays(-1), _noon);

        Assert.Equal(moment.Now, Every(_quarter).Next(moment));
    }

    [Fact]
    public void Next_WhenDumpsTakeLongerThanTheInterval_IsOneThatHasPassed()
    {
        var moment = new ScheduleMoment(_noon + TimeSpan.FromSeconds(5), _noon);

        Assert.Equal(_noon + TimeSpan.FromSeconds(2), Every(TimeSpan.FromSeconds(2)).Next(moment));
    }

    [Fact]
    public void Jobs_WithTheSameInterval_AreSpreadOverIt()
    {
        var minute = TimeSpan.FromMinutes(1);
        int[] perSecond = new int[60];
        for (int job = 0; job < 200; job++)
        {
            DateTimeOffset due = new EverySchedule(minute, Spread.Of($"job-{job}", minute), MisfireRule.Once).Next(new ScheduleMoment(_noon, _noon - minute))!.Value;
            perSecond[(int)(due.UtcTicks / TimeSpan.TicksPerSecond % 60)]++;
        }

        // 200 balls in 60 boxes: over 12 in one, or over 15 that are empty, is a bad hash.
        Assert.InRange(perSecond.Max(), 4, 12);
        Assert.InRange(perSecond.Count(jobs => jobs == 0), 0, 15);
    }

    [Fact]
    public void Next_AtRandomMoments_IsAfterTheLastDumpMonotoneAndTheSameAgain()
    {
        var random = new Random(7);
        for (int round = 0; round < 10_000; round++)
        {
            var interval = TimeSpan.FromMilliseconds(random.Next(1, 100_000_000));
            var rule = (MisfireRule)random.Next(2);
            var schedule = new EverySchedule(interval, Spread.Of($"job-{round}", interval), rule);
            DateTimeOffset last = _noon.AddSeconds(random.Next(100_000));
            DateTimeOffset now = last.AddSeconds(random.Next(1_000_000));
            DateTimeOffset due = schedule.Next(new ScheduleMoment(now, last))!.Value;
            DateTimeOffset later = schedule.Next(new ScheduleMoment(now + interval, last))!.Value;

            Assert.True(due > last, $"{interval} {last} {now}: {due}");
            Assert.True(later >= due);
            Assert.True(due <= now + interval + (interval / 4));
            Assert.Equal(due, schedule.Next(new ScheduleMoment(now, last)));
        }
    }

    private static EverySchedule Every(TimeSpan interval) => new(interval, TimeSpan.Zero, MisfireRule.Once);
}
