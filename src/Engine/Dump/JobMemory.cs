using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Dump;

/// <summary>What is known between dumps of the address spaces of a job, and what is held for its end. Not for use from two threads at a time.</summary>
internal sealed class JobMemory(EngineOptions options) : IDisposable
{
    private readonly Dictionary<ProcessIdentity, ProcessMemory> _processes = [];

    /// <summary>Huge pages that dumps split.</summary>
    public SplitHugePages HugePages { get; } = new();

    /// <summary>Connections that are held for a job which is about to be stopped; null where there is no such dump.</summary>
    public ConnectionLock? Connections { get; private set; }

    /// <summary>What is known of the files of the job.</summary>
    public FileMemory Files { get; } = new();

    /// <summary>How fast pages of the job can be handed over.</summary>
    public SinkRate Rate { get; } = new();

    /// <summary>Bytes known to be taken by the next dump.</summary>
    public long WaitingBytes => _processes.Values.Sum(memory => memory.Waiting.Bytes);

    /// <summary>Begins a dump: forgets processes that ended or called execve, and, without a base, what the last generation held.</summary>
    public void BeginDump(bool hasBase)
    {
        LetConnectionsGo();
        Files.BeginDump(hasBase);
        foreach (var (identity, memory) in _processes.ToList())
        {
            if (ProcFs.IdentityOf(identity.Pid) != identity || !memory.Tracker.IsAlive)
            {
                Forget(identity);
                continue;
            }

            memory.BeginDump();
            if (!hasBase)
            {
                memory.Forget();
            }
        }
    }

    /// <summary>Holds connections until <see cref="LetConnectionsGo"/>.</summary>
    public void Hold(ConnectionLock connections)
    {
        LetConnectionsGo();
        Connections = connections;
    }

    /// <summary>Lets the connections go that are held, if any.</summary>
    public void LetConnectionsGo()
    {
        Connections?.Dispose();
        Connections = null;
    }

    /// <summary>The memory of a process that is followed; null where it is not.</summary>
    public ProcessMemory? Find(ProcessId process) =>
        ProcFs.IdentityOf(process) is { } identity ? _processes.GetValueOrDefault(identity) : null;

    /// <summary>The memory of a frozen process, followed from now on where it was not. Precondition: the gate is open.</summary>
    public ProcessMemory Follow(FrozenProcess process)
    {
        var identity = ProcFs.IdentityOf(process.Id)
            ?? throw new EngineException(EngineFailure.NoSuchProcess, $"Process {process.Id} ended while it was frozen.");
        if (_processes.TryGetValue(identity, out var memory) && memory.Tracker.IsAlive)
        {
            return memory;
        }

        Forget(identity);
        memory = new ProcessMemory(TrackerChoice.For(process, options.WriteProtect));
        _processes.Add(identity, memory);
        return memory;
    }

    /// <summary>The last dump is in a committed generation.</summary>
    public void Committed()
    {
        Files.Committed();
        foreach (var memory in _processes.Values)
        {
            memory.Committed();
        }
    }

    /// <summary>Joins huge pages that the dump has split, beside the job. All of it that is not protected any more.</summary>
    public void JoinHugePages() => BackgroundThread.Run("join huge pages", options.Nice, HugePages.Join);

    /// <inheritdoc/>
    public void Dispose()
    {
        LetConnectionsGo();
        foreach (var identity in _processes.Keys.ToList())
        {
            Forget(identity);
        }
    }

    private void Forget(ProcessIdentity identity)
    {
        if (_processes.Remove(identity, out var memory))
        {
            memory.Dispose();
        }
    }
}
