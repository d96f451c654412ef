using System.Collections.Concurrent;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Jobs;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>Processes that wait for a job, ours among them.</summary>
internal sealed class Waiters(IJobEngine engine)
{
    private readonly ConcurrentDictionary<ProcessIdentity, bool> _known = new();

    /// <summary>One more, until it ends.</summary>
    public void Add(ProcessId process)
    {
        if (engine.Identify(process) is { } identity)
        {
            _known[identity] = true;
        }
    }

    /// <summary>What they, and those above them that wait for them, have open for writing now.</summary>
    public IReadOnlyList<HeldDescriptor> Descriptors()
    {
        foreach (ProcessIdentity gone in _known.Keys.Where(process => engine.Identify(process.Pid) != process))
        {
            _ = _known.TryRemove(gone, out _);
        }

        return [.. _known.Keys.Select(process => process.Pid).Append(new ProcessId(Environment.ProcessId)).SelectMany(WaitingProcesses.DescriptorsOf)];
    }
}
