using System.Net;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Alerts;
using Checkpointer.Scheduler.Composition;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Tests.Fakes;

namespace Checkpointer.Scheduler.Tests.Alerts;

public sealed class AlertSenderTests : IDisposable
{
    private static readonly Alert _alert = new(AlertKind.Failure, "md", "a dump of job md failed: \"why\"", FakeStore.Epoch, "node1");

    private readonly TemporaryDirectory _place = new();
    private readonly List<string> _failures = [];
    private readonly LocalCommands _commands = new(TimeProvider.System);

    public void Dispose()
    {
        _commands.Dispose();
        _place.Dispose();
    }

    [Fact]
    public async Task Command_IsToldInItsEnvironment()
    {
        string told = Path.Combine(_place.Path, "told");

        await SendAsync(new AlertRules { Command = ["/bin/sh", "-c", $"printf '%s|' \"$CHECKPOINTER_ALERT_KIND\" \"$CHECKPOINTER_ALERT_JOB\" \"$CHECKPOINTER_ALERT_MESSAGE\" \"$CHECKPOINTER_ALERT_AT\" \"$CHECKPOINTER_ALERT_HOST\" > {told}"] });

        Assert.Empty(_failures);
        Assert.Equal("failure|md|a dump of job md failed: \"why\"|2026-01-02T03:04:05.0000000+00:00|node1|", await File.ReadAllTextAsync(told));
    }

    [Theory]
    [InlineData("exit 3", "/bin/sh ended with exit code 3")]
    [InlineData("kill -9 $$", "/bin/sh ended with signal 9")]
    public async Task Command_ThatFails_IsSaid(string script, string expected)
    {
        await SendAsync(new AlertRules { Command = ["/bin/sh", "-c", script] });

        Assert.Equal([expected], _failures);
    }

    [Fact]
    public async Task Command_ThatDoesNotExist_IsSaid()
    {
        await SendAsync(new AlertRules { Command = ["/does/not/exist"] });

        Assert.StartsWith("/does/not/exist cannot be started: ENOENT", Assert.Single(_failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_ThatTakesTooLong_IsKilled()
        => Assert.Null(await _commands.RunAsync(["/bin/sleep", "100"], new Dictionary<string, string>(), TimeSpan.FromMilliseconds(100)));

    [Fact]
    public async Task Command_ThatEndsAtOnce_IsReaped()
        => Assert.Equal(new ProcessEnd(7, null), await _commands.RunAsync(["/bin/sh", "-c", "exit 7"], new Dictionary<string, string>(), TimeSpan.FromMinutes(1)));

    [Fact]
    public async Task Webhook_IsPostedAgainUntilItIsTaken()
    {
        using var hook = new FakeHook(HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK);

        await SendAsync(new AlertRules { Webhook = "http://hook.example/alerts" }, hook);

        Assert.Empty(_failures);
        Assert.Equal(2, hook.Bodies.Count);
        Assert.Equal(
            """http://hook.example/alerts {"kind":"failure","job":"md","message":"a dump of job md failed: \u0022why\u0022","at":"2026-01-02T03:04:05+00:00","host":"node1"}""",
            hook.Bodies[1]);
    }

    [Fact]
    public async Task Webhook_ThatNeverTakesIt_IsGivenUpAndSaid()
    {
        using var hook = new FakeHook(HttpStatusCode.NotFound);

        await SendAsync(new AlertRules { Webhook = "http://hook.example/alerts" }, hook);

        Assert.Equal(4, hook.Bodies.Count);
        Assert.Equal(["http://hook.example/alerts did not take it: it answered 404"], _failures);
    }

    private async Task SendAsync(AlertRules rules, HttpMessageHandler? handler = null)
    {
        using var http = new HttpClient(handler ?? new SocketsHttpHandler(), disposeHandler: handler is null);
        var sender = new AlertSender(_commands, http, new SteppingTime(), (_, why) => _failures.Add(why));
        sender.Send(rules, _alert);
        sender.Complete();
        await sender.RunAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));
    }

    /// <summary>Answers in turn; the last answer goes on.</summary>
    private sealed class FakeHook(params HttpStatusCode[] answers) : HttpMessageHandler
    {
        public List<string> Bodies { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Bodies.Add($"{request.RequestUri} {await request.Content!.ReadAsStringAsync(cancellationToken)}");
            return new HttpResponseMessage(answers[Math.Min(Bodies.Count, answers.Length) - 1]);
        }
    }
}
