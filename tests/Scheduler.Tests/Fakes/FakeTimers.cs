using System.Collections.Concurrent;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Daemon;

namespace Checkpointer.Scheduler.Tests.Fakes;

/// <summary>Timers that fire when a test says so.</summary>
internal sealed class FakeTimers : ITimers
{
    public ConcurrentDictionary<string, (DateTimeOffset Due, Func<Task> Fired)> Armed { get; } = [];

    public Task ArmAsync(string key, DateTimeOffset due, Func<Task> fired)
    {
        Armed[key] = (due, fired);
        return Task.CompletedTask;
    }

    public Task DisarmAsync(string key)
    {
        Armed.TryRemove(key, out _);
        return Task.CompletedTask;
    }

    /// <summary>Fires one, as if its time had come.</summary>
    public Task FireAsync(string key) => Armed[key].Fired();
}

/// <summary>Ends of processes that a test brings about.</summary>
internal sealed class FakeEnds : IProcessEnds
{
    private readonly Dictionary<ProcessIdentity, Action<Func<ProcessEnd>>> _watched = [];

    public void Watch(ProcessIdentity process, Action<Func<ProcessEnd>> ended) => _watched[process] = ended;

    public void Forget(ProcessIdentity process) => _watched.Remove(process);

    public bool IsWatched(ProcessIdentity process) => _watched.ContainsKey(process);

    /// <summary>The process ends.</summary>
    public void End(ProcessIdentity process, ProcessEnd how)
    {
        _watched.Remove(process, out Action<Func<ProcessEnd>>? ended);
        ended!(() => how);
    }
}
