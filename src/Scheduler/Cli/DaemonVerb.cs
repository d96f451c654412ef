using System.CommandLine;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Composition;
using Checkpointer.Scheduler.Daemon;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>daemon</c>: the service.</summary>
internal sealed class DaemonVerb : Verb
{
    /// <summary>Makes the verb.</summary>
    public DaemonVerb()
        : base(
            "daemon",
            "Cares for the jobs of the store until it is ended: dumps them by their schedules, keeps what their policies say, and brings back those that crash. Jobs run on when it ends.",
            "daemon",
            "daemon --store /var/lib/checkpointer")
    {
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        Blocking.Run(() => ServeAsync(invocation));
        return ExitCode.Ok;
    }

    private static async Task ServeAsync(Invocation invocation)
    {
        Settings settings = invocation.Rooms.Settings;
        using ILoggerFactory loggers = ServiceLogging.Create(invocation.IsVerbose, settings.Daemon.LogFile);
        using IJobStore store = invocation.Rooms.OpenStoreForService(loggers);
        PolicyFolder policies = invocation.Rooms.OpenPolicies();
        using var commands = new LocalCommands(invocation.Time);
        await using var reporting = new Reporting(store, policies, commands, settings.Status, loggers, invocation.Time);
        var host = new DaemonHost(invocation.Rooms.EngineForService(loggers), store, policies, settings.Daemon, settings.Upkeep, loggers, invocation.Time, reporting, commands);
        await host.RunAsync(control => Tell(invocation, control.Describe()), invocation.Cancellation);
    }

    private static void Tell(Invocation invocation, DaemonLine line)
    {
        invocation.Output.Json(line, CliJson.Lines.DaemonLine);
        invocation.Output.Line($"serving {line.Store} on {line.Socket}: {Quantity.Count(line.Jobs)} job(s)");
    }
}
