using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Tests.Fakes;

namespace Checkpointer.Scheduler.Tests.Cli.Rendering;

public sealed class ProgressLineTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly StringWriter _target = new();

    public void Dispose() => _target.Dispose();

    [Fact]
    public void Report_WithinTheFirstSecond_WritesNothing()
    {
        using (var progress = new ProgressLine(_target, _time, "dump of md", 100))
        {
            _time.Advance(TimeSpan.FromMilliseconds(999));
            progress.Report(99);
        }

        Assert.Empty(_target.ToString());
    }

    [Fact]
    public void Report_AfterASecond_DrawsAndDisposeErases()
    {
        using (var progress = new ProgressLine(_target, _time, "dump of md", 4096))
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            progress.Report(2048);

            Assert.Equal(
                "\r\u001b[Kdump of md  [############............] 50 %  2 KiB of 4 KiB  1 KiB/s", _target.ToString());
        }

        Assert.EndsWith("\r\u001b[K", _target.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Report_TooSoonAfterADrawing_IsNotDrawn()
    {
        using var progress = new ProgressLine(_target, _time, "dump", 100);
        _time.Advance(TimeSpan.FromSeconds(2));
        progress.Report(10);
        string drawn = _target.ToString();

        _time.Advance(TimeSpan.FromMilliseconds(99));
        progress.Report(20);
        Assert.Equal(drawn, _target.ToString());

        _time.Advance(TimeSpan.FromMilliseconds(1));
        progress.Report(30);
        Assert.NotEqual(drawn, _target.ToString());
    }

    [Fact]
    public void Report_OverTheTotal_StaysAtAll()
    {
        using var progress = new ProgressLine(_target, _time, "dump", 100);
        _time.Advance(TimeSpan.FromSeconds(1));
        progress.Report(250);

        Assert.Contains("[########################] 100 %", _target.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Report_WithoutTotal_ShowsBytesAndRate()
    {
        using var progress = new ProgressLine(_target, _time, "verify of md/1", 0);
        _time.Advance(TimeSpan.FromSeconds(4));
        progress.Report(4096);

        Assert.Equal("\r\u001b[Kverify of md/1  4 KiB  1 KiB/s", _target.ToString());
    }
}
