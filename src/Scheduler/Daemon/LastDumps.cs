using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>
/// One more dump of the jobs whose policy asks for it, when the service ends because the host goes down. systemd ends services before it unmounts what they need
/// (After= in the unit), and waits for this one (TimeoutStopSec=).
/// </summary>
internal sealed class LastDumps(JobRoster roster, CareParts parts)
{
    /// <summary>Takes them, where the host goes down. They run at once, as far as there are slots.</summary>
    public async Task RunAsync()
    {
        (string Job, TimeSpan Grace)[] wanted = [.. roster.All.Select(care => (care.Name, Grace: GraceOf(care.Name))).Where(one => one.Grace is not null).Select(one => (one.Name, one.Grace!.Value))];
        if (wanted.Length > 0 && await parts.Shutdown.IsUnderWayAsync())
        {
            await Task.WhenAll(wanted.Select(one => DumpAsync(one.Job, one.Grace)));
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
