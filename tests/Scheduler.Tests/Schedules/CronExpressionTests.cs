using System.Globalization;
using Checkpointer.Scheduler.Schedules;

namespace Checkpointer.Scheduler.Tests.Schedules;

public sealed class CronExpressionTests
{
    [Theory]
    [InlineData("* * * * *", "2026-03-04 12:01:00,2026-03-04 12:02:00")]
    [InlineData("*/15 * * * *", "2026-03-04 12:15:00,2026-03-04 12:30:00,2026-03-04 12:45:00,2026-03-04 13:00:00")]
    [InlineData("5 4 * * *", "2026-03-05 04:05:00,2026-03-06 04:05:00")]
    [InlineData("0 22 * * 1-5", "2026-03-04 22:00:00,2026-03-05 22:00:00,2026-03-06 22:00:00,2026-03-09 22:00:00")]
    [InlineData("23 0-20/2 * * *", "2026-03-04 12:23:00,2026-03-04 14:23:00")]
    [InlineData("5 4 * * sun", "2026-03-08 04:05:00,2026-03-15 04:05:00")]
    [InlineData("5 4 * * 0", "2026-03-08 04:05:00,2026-03-15 04:05:00")]
    [InlineData("5 4 * * 7", "2026-03-08 04:05:00,2026-03-15 04:05:00")]
    [InlineData("5 4 * * 5-7", "2026-03-06 04:05:00,2026-03-07 04:05:00,2026-03-08 04:05:00,2026-03-13 04:05:00")]
    [InlineData("0 0 13 * 5", "2026-03-06 00:00:00,2026-03-13 00:00:00,2026-03-20 00:00:00,2026-03-27 00:00:00,2026-04-03 00:00:00,2026-04-10 00:00:00,2026-04-13 00:00:00")]
    [InlineData("0 0 */2 * 5", "2026-03-13 00:00:00,2026-03-27 00:00:00,2026-04-03 00:00:00")]
    [InlineData("0 0 29 2 *", "2028-02-29 00:00:00,2032-02-29 00:00:00")]
    [InlineData("0 0 30 2 *", "never")]
    [InlineData("15,45 8 1 jan,JUL *", "2026-07-01 08:15:00,2026-07-01 08:45:00,2027-01-01 08:15:00")]
    [InlineData("@weekly", "2026-03-08 00:00:00")]
    [InlineData("@hourly", "2026-03-04 13:00:00")]
    [InlineData("0 0 12 ? * WED", "2026-03-11 12:00:00,2026-03-18 12:00:00")]
    [InlineData("*/20 * * * * ?", "2026-03-04 12:00:20,2026-03-04 12:00:40,2026-03-04 12:01:00")]
    [InlineData("0 15 10 L * ?", "2026-03-31 10:15:00,2026-04-30 10:15:00")]
    [InlineData("0 15 10 ? * 6#3 2027-2028", "2027-01-15 10:15:00,2027-02-19 10:15:00")]
    [InlineData("0 0 0 1 1 ? 2020", "never")]
    public void Expression_IsDueAt(string text, string expected)
    {
        Timetable timetable = WallClockPatterns.Cron(text, TimeZoneInfo.Utc);
        string[] times = expected.Split(',');
        DateTimeOffset? at = new DateTimeOffset(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);
        var due = new List<string>();
        for (int round = 0; round < times.Length; round++)
        {
            at = timetable.After(at!.Value);
            due.Add(at?.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "never");
        }

        Assert.Equal(times, due);
    }

    [Theory]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("60 * * * *")]
    [InlineData("* 24 * * *")]
    [InlineData("* * 0 * *")]
    [InlineData("* * * 13 *")]
    [InlineData("* * * * 8")]
    [InlineData("5-1 * * * *")]
    [InlineData("5/15 * * * *")]
    [InlineData("*/0 * * * *")]
    [InlineData("1,,2 * * * *")]
    [InlineData("* * * * mon-funday")]
    [InlineData("@reboot")]
    [InlineData("0 0 25 * * ?")]
    [InlineData("a b c d e f")]
    public void Expression_ThatIsNone_IsRefusedWithAReason(string text)
        => Assert.NotEmpty(Assert.Throws<FormatException>(() => WallClockPatterns.Cron(text, TimeZoneInfo.Utc)).Message);
}
