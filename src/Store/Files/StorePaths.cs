namespace Checkpointer.Store.Files;

/// <summary>Where things lie inside a store directory.</summary>
internal sealed record StorePaths(string Root)
{
    public string Format => Path.Combine(Root, "format");

    public string Packs => Path.Combine(Root, "packs");

    public string Index => Path.Combine(Root, "index.db");

    public string Locks => Path.Combine(Root, "locks");

    /// <summary>Wrapped master keys of an encrypted store. Not there in another one.</summary>
    public string Keys => Path.Combine(Root, "keys");

    /// <summary>What a job is called in file names: of an encrypted store nothing that says its name.</summary>
    public Func<string, string> NameOfJob { get; init; } = job => job;

    public string Temporary => Path.Combine(Root, "tmp");

    /// <summary>What a repair found damaged. Made when first needed.</summary>
    public string Quarantine => Path.Combine(Root, "quarantine");

    /// <summary>Held shared by writers, exclusively by whoever sweeps or rebuilds. Job names cannot begin with <c>_</c>.</summary>
    public string StoreLock => Path.Combine(Locks, "_store.lock");

    /// <summary>Held shared by whoever has a generation open or verifies, exclusively while packs are removed.</summary>
    public string ReadersLock => Path.Combine(Locks, "_readers.lock");

    /// <summary>Held by the one who collects garbage; sweeps and rebuilds wait for it.</summary>
    public string CollectLock => Path.Combine(Locks, "_collect.lock");

    /// <summary>Held by the service of the store.</summary>
    public string ServiceLock => Path.Combine(Locks, "_service.lock");

    /// <summary>Held while an index is being built.</summary>
    public string IndexLock => Path.Combine(Locks, "_index.lock");

    /// <summary>Held exclusively by the writer of a generation of the job.</summary>
    public string JobLock(string job) => Path.Combine(Locks, NameOfJob(job) + ".lock");

    /// <summary>Held exclusively by whoever restores the job.</summary>
    public string JobLease(string job) => Path.Combine(Locks, NameOfJob(job) + ".lease");
}
