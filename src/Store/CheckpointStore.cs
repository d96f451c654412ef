using Checkpointer.Store.Generations;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Store;

/// <summary>
/// A store directory: packs of chunks, and the SQLite index that finds them. Several processes may have it open;
/// one generation of a job is written at a time. Safe for use from any thread.
/// </summary>
public sealed class CheckpointStore : IDisposable
{
    /// <summary>Creates the directory (mode 0700), its format file and an empty index; an existing store is opened.</summary>
    public static CheckpointStore OpenOrCreate(string directory, StoreOptions options, ILoggerFactory loggers)
        => throw new NotImplementedException();

    /// <summary>Opens an existing store.</summary>
    /// <exception cref="StoreException">NoStore, UnsupportedVersion, Corrupt or NotPermitted.</exception>
    public static CheckpointStore Open(string directory, StoreOptions options, ILoggerFactory loggers)
        => throw new NotImplementedException();

    /// <summary>Absolute path of the store.</summary>
    public string Directory { get; } = "";

    /// <summary>All jobs by name, unregistered ones that still have generations included.</summary>
    public IReadOnlyList<JobRecord> Jobs() => throw new NotImplementedException();

    /// <summary>One job.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public JobRecord Job(string name) => throw new NotImplementedException();

    /// <summary>Adds or re-registers a job. A registered job of the same name is an AlreadyExists failure;
    /// an unregistered one is taken up again with its generations.</summary>
    public void Register(JobRecord job) => throw new NotImplementedException();

    /// <summary>Replaces the process facts of a job, after a recovery.</summary>
    public void UpdateProcess(string name, int pid, ulong startTicks, string bootId) => throw new NotImplementedException();

    /// <summary>Ends the registration; generations stay.</summary>
    public void Unregister(string name) => throw new NotImplementedException();

    /// <summary>Committed generations of a job, oldest first.</summary>
    public IReadOnlyList<GenerationRecord> Generations(string job) => throw new NotImplementedException();

    /// <summary>Begins a generation of a job. Takes the job's writer lock until disposed.</summary>
    /// <param name="job">Registered or not, it must exist.</param>
    /// <param name="baseGeneration">Generation whose pages stay where nothing is written or cleared; null for none.</param>
    /// <exception cref="StoreException">Locked when another dump of the job is under way.</exception>
    public GenerationWriter Begin(string job, GenerationName? baseGeneration) => throw new NotImplementedException();

    /// <summary>Opens a committed generation for reading.</summary>
    /// <exception cref="StoreException">NotFound or Corrupt.</exception>
    public GenerationReader OpenGeneration(GenerationName name) => throw new NotImplementedException();

    /// <summary>Reads every stored byte that <paramref name="only"/> (or, when null, the whole store) needs and proves it.</summary>
    public VerifyReport Verify(GenerationName? only, IProgress<long>? bytesDone, CancellationToken cancellation)
        => throw new NotImplementedException();

    /// <summary>Sizes.</summary>
    public StoreStatistics Statistics() => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
