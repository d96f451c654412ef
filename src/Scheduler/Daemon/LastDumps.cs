using Checkpointer.Engine;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>
/// One more dump of the jobs whose policy asks for it, when the service ends because the host goes down. systemd ends services before it unmounts what they need
/// (After= in the unit), and waits for this one (TimeoutStopSec=).
/// </summary>
internal sealed class LastDumps(JobRoster roster, CareParts parts, ICommandRunner commands)
{
    /// <summary>What systemctl(1) is asked may hang when the host goes down.</summary>
    private static readonly TimeSpan _askLimit = TimeSpan.FromSeconds(10);

    /// <summary>A shell, because the answer is a word and the exit code says something else.</summary>
    private static readonly string[] _ask = ["/bin/sh", "-c", "test \"$(systemctl is-system-running 2>/dev/null)\" = stopping"];

    /// <summary>Takes them, where the host goes down. They run at once, as far as there are slots.</summary>
    public async Task RunAsync()
    {
        (string Job, TimeSpan Grace)[] wanted = [.. roster.All.Select(care => (care.Name, Grace: GraceOf(care.Name))).Where(one => one.Grace is not null).Select(one => (one.Name, one.Grace!.Value))];
        if (wanted.Length > 0 && await GoesDownAsync())
        {
            await Task.WhenAll(wanted.Select(one => DumpAsync(one.Job, one.Grace)));
        }
    }

    private async Task<bool> GoesDownAsync()
    {
        try
        {
            return await commands.RunAsync(_ask, new Dictionary<string, string>(), _askLimit) is { ExitCode: 0 };
        }
        catch (EngineException failure)
        {
            DaemonLog.Failed(parts.Log, failure, "*", "the question whether the host goes down");
            return false;
        }
    }

    private TimeSpan? GraceOf(string name)
    {
        try
        {
            JobRecord job = parts.Store.Job(name);
            EventPolicy events = parts.Policies.Resolve(job).ToEventPolicy();
            return job is { IsRegistered: true, IsPaused: false } && events.OnShutdown && roster.Of(name).State.Root is not null ? events.Grace : null;
        }
        catch (Exception failure) when (CareParts.IsExpected(failure))
        {
            DaemonLog.Failed(parts.Log, failure, name, "the look at its policy");
            return null;
        }
    }

    private async Task DumpAsync(string name, TimeSpan grace)
    {
        try
        {
            using var late = new CancellationTokenSource(grace, parts.Time);
            _ = await roster.Of(name).DumpAsync(choices: null, stops: false, late.Token);
        }
        catch (Exception failure) when (CareParts.IsExpected(failure) || failure is OperationCanceledException)
        {
            DaemonLog.Failed(parts.Log, failure, name, "the dump before the host goes down");
        }
    }
}
