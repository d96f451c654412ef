using Checkpointer.Engine;
using Checkpointer.Scheduler.Jobs;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>Whether the host goes down: systemd(1) says so from the begin of a shutdown on, while it ends services, sessions and jobs. Never true on hosts without it.</summary>
internal sealed class HostShutdown(ICommandRunner? commands, ILogger log)
{
    /// <summary>What systemctl(1) is asked may hang when the host goes down.</summary>
    private static readonly TimeSpan _askLimit = TimeSpan.FromSeconds(10);

    /// <summary>A shell, because the answer is a word and the exit code says something else.</summary>
    private static readonly string[] _ask = ["/bin/sh", "-c", "test \"$(systemctl is-system-running 2>/dev/null)\" = stopping"];

    /// <summary>Asks.</summary>
    public async Task<bool> IsUnderWayAsync()
    {
        try
        {
            return commands is not null && await commands.RunAsync(_ask, new Dictionary<string, string>(), _askLimit) is { ExitCode: 0 };
        }
        catch (EngineException failure)
        {
            DaemonLog.Failed(log, failure, "*", "the question whether the host goes down");
            return false;
        }
    }
}
