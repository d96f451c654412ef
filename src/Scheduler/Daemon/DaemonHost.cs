using System.Runtime.InteropServices;
using Checkpointer.Scheduler.Control;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Upkeep;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>The service of a store, from its begin to its end. Its end is clean: dumps under way are given up, the job thawed; all jobs run on.</summary>
/// <param name="engine">Dumps and restores.</param>
/// <param name="store">Keeps.</param>
/// <param name="policies">What holds for jobs.</param>
/// <param name="options">Its options.</param>
/// <param name="upkeepOptions">What it does for its store by itself.</param>
/// <param name="loggers">Where it logs.</param>
/// <param name="time">The clock.</param>
/// <param name="reporting">Tells people and programs how jobs are.</param>
/// <param name="commands">Runs commands that policies name.</param>
internal sealed class DaemonHost(
    IJobEngine engine, IJobStore store, PolicyFolder policies, DaemonOptions options, UpkeepOptions upkeepOptions, ILoggerFactory loggers, TimeProvider time,
    Reporting reporting, ICommandRunner commands)
{
    private const UnixFileMode Everybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
    private const UnixFileMode OwnerAndPassing = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly ILogger _log = loggers.CreateLogger("Checkpointer.Daemon");

    /// <summary>Serves until cancelled.</summary>
    /// <param name="serves">Told when it serves.</param>
    /// <param name="stopping">Ends it.</param>
    public async Task RunAsync(Action<ControlServer> serves, CancellationToken stopping)
    {
        using IDisposable ours = store.BecomeService();
        var manager = ServiceManager.OfEnvironment();
        var facts = new DaemonFacts(Path.Combine(store.Directory, ControlClient.SocketName), time.GetUtcNow());
        File.Delete(facts.Socket); // of a service that was killed
        await using WebApplication host = Build(facts.Socket);
        using var ends = new ProcessEnds();
        using var dumps = new DumpSlots(options.DumpsAtOnce);
        using var restores = new DumpSlots(Math.Max(2, options.DumpsAtOnce));
        var timers = host.Services.GetRequiredService<QuartzTimers>();
        var bare = new CareParts(engine, store, policies, ends, timers, dumps, restores, time, _log, stopping) { Observers = reporting.Observers, Commands = commands };
        using var upkeep = new StoreUpkeep(bare, upkeepOptions, reporting.Memory, reporting.UpkeepDone);
        using var rehearsals = new DumpSlots(1); // each holds a whole job in memory
        using var pressure = new Pressure();
        CareParts parts = bare with { Pressure = pressure, Forgot = upkeep.NoteGarbage, Rehearsals = rehearsals, Memory = reporting.Memory };
        using var roster = new JobRoster(parts, options);
        var control = new ControlServer(roster, parts, facts, upkeep, reporting.Memory);
        control.Map(host);
        reporting.Map(host, engine);
        await host.StartAsync(stopping);
        await reporting.StartAsync(roster);
        OpenToUsers(facts.Socket);
        DaemonLog.Begun(_log, store.Directory, Environment.ProcessId, store.Jobs().Count(job => job.IsRegistered));
        Task looking = roster.RunAsync(stopping);
        await upkeep.StartAsync();
        Tell(manager);
        using var reload = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            manager.Reloading();
            roster.Look();
            Tell(manager);
        });
        serves(control);
        await Task.WhenAll(looking, reporting.RunAsync(stopping), KeepAliveAsync(manager, stopping));
        manager.Stopping();
        await new LastDumps(roster, parts).RunAsync();
        await roster.LetGoAsync();
        await upkeep.EndAsync();
        await host.StopAsync(CancellationToken.None);
        File.Delete(facts.Socket);
        DaemonLog.Ended(_log, store.Directory);
    }

    private void Tell(ServiceManager manager) => manager.Ready($"cares for the jobs of {store.Directory}");

    private WebApplication Build(string socket)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "checkpointer" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(socket));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, SilentLifetime>();
        builder.Services.AddQuartz(_ => { });
        builder.Services.AddQuartzHostedService();
        builder.Services.AddSingleton<QuartzTimers>();
        WebApplication host = builder.Build();
        host.UseRouting();
        return host;
    }

    /// <summary>Everybody may ask; who asks is told by the kernel, and judged by <see cref="Peer"/>. The way there leads through the store's directory, which shows nothing to those who
    /// may only pass; all that is in it is the owner's alone.</summary>
    private void OpenToUsers(string socket)
    {
        File.SetUnixFileMode(socket, Everybody);
        File.SetUnixFileMode(store.Directory, OwnerAndPassing);
    }

    private async Task KeepAliveAsync(ServiceManager manager, CancellationToken stopping)
    {
        try
        {
            using var timer = new PeriodicTimer(manager.WatchdogPeriod ?? TimeSpan.FromMinutes(1), time);
            while (await timer.WaitForNextTickAsync(stopping))
            {
                // The index answers: a service that cannot read its store is none.
                _ = store.Jobs().Count;
                manager.Alive();
            }
        }
        catch (OperationCanceledException)
        {
            // The service ends.
        }
    }

    /// <summary>Signals are the command line's: it cancels.</summary>
    private sealed class SilentLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
