using System.Globalization;
using System.Net.Http.Json;
using System.Threading.Channels;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Alerts;

/// <summary>Tells people: runs commands and posts to webhooks, one after the other, beside the work. What cannot be told is logged.</summary>
/// <param name="commands">Runs commands.</param>
/// <param name="http">Posts. Not owned.</param>
/// <param name="time">The clock.</param>
/// <param name="failed">Told of what could not be told, and why.</param>
internal sealed class AlertSender(ICommandRunner commands, HttpClient http, TimeProvider time, Action<Alert, string> failed)
{
    /// <summary>Alerts are few; a thousand that wait mean that nobody listens, and the oldest go.</summary>
    private const int WaitingMax = 1000;

    private static readonly TimeSpan _commandLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _postLimit = TimeSpan.FromSeconds(10);

    /// <summary>Waits between the attempts to post.</summary>
    private static readonly TimeSpan[] _backOff = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(60)];

    private readonly Channel<(AlertRules Rules, Alert Alert)> _waiting = Channel.CreateBounded<(AlertRules Rules, Alert Alert)>(
        new BoundedChannelOptions(WaitingMax) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    /// <summary>Takes an alert on.</summary>
    public void Send(AlertRules rules, Alert alert) => _ = _waiting.Writer.TryWrite((rules, alert));

    /// <summary>Takes no more: <see cref="RunAsync"/> ends when what waits is told.</summary>
    public void Complete() => _ = _waiting.Writer.TryComplete();

    /// <summary>Tells what waits, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await foreach ((AlertRules rules, Alert alert) in _waiting.Reader.ReadAllAsync(cancellation))
        {
            if (rules.Command is { } command)
            {
                await RunCommandAsync(command, alert);
            }

            if (rules.Webhook is { } address)
            {
                await PostAsync(new Uri(address), alert, cancellation);
            }
        }
    }

    private async Task RunCommandAsync(IReadOnlyList<string> command, Alert alert)
    {
        var variables = new Dictionary<string, string>
        {
            ["CHECKPOINTER_ALERT_KIND"] = AlertBody.Word(alert.Kind),
            ["CHECKPOINTER_ALERT_JOB"] = alert.Job,
            ["CHECKPOINTER_ALERT_MESSAGE"] = alert.Message,
            ["CHECKPOINTER_ALERT_AT"] = alert.At.ToString("O", CultureInfo.InvariantCulture),
            ["CHECKPOINTER_ALERT_HOST"] = alert.Host,
        };
        try
        {
            ProcessEnd? end = await commands.RunAsync(command, variables, _commandLimit);
            if (end is not { ExitCode: 0 })
            {
                failed(alert, end is null ? $"{command[0]} took too long" : $"{command[0]} ended with {Describe(end.Value)}");
            }
        }
        catch (EngineException failure)
        {
            failed(alert, failure.Message);
        }
    }

    private async Task PostAsync(Uri address, Alert alert, CancellationToken cancellation)
    {
        for (int attempt = 0; ; attempt++)
        {
            string? why = await TryPostAsync(address, alert, cancellation);
            if (why is null)
            {
                return;
            }

            if (attempt == _backOff.Length)
            {
                failed(alert, $"{address} did not take it: {why}");
                return;
            }

            await Task.Delay(_backOff[attempt], time, cancellation);
        }
    }

    private async Task<string?> TryPostAsync(Uri address, Alert alert, CancellationToken cancellation)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(_postLimit);
        try
        {
            using HttpResponseMessage answer = await http.PostAsJsonAsync(address, AlertBody.From(alert), AlertJson.Default.AlertBody, limited.Token);
            return answer.IsSuccessStatusCode ? null : string.Create(CultureInfo.InvariantCulture, $"it answered {(int)answer.StatusCode}");
        }
        catch (HttpRequestException failure)
        {
            return failure.Message;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return "it did not answer in time";
        }
    }

    private static string Describe(ProcessEnd end) => end switch
    {
        { ExitCode: { } code } => string.Create(CultureInfo.InvariantCulture, $"exit code {code}"),
        { Signal: { } signal } => string.Create(CultureInfo.InvariantCulture, $"signal {signal}"),
        _ => "an exit code that is not known",
    };
}
