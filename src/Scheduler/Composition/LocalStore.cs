using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Composition;

/// <summary>The store of this process as jobs and recovery see it. Owns the store.</summary>
/// <param name="open">Opens it.</param>
internal sealed class LocalStore(Func<CheckpointStore> open) : IJobStore
{
    private readonly CheckpointStore _store = open();

    /// <inheritdoc/>
    public string Directory => _store.Directory;

    /// <inheritdoc/>
    public IReadOnlyList<JobRecord> Jobs() => _store.Jobs();

    /// <inheritdoc/>
    public JobRecord Job(string name) => _store.Job(name);

    /// <inheritdoc/>
    public void Register(JobRecord job) => _store.Register(job);

    /// <inheritdoc/>
    public void UpdateProcess(string name, int pid, ulong startTicks, string bootId)
        => _store.UpdateProcess(name, pid, startTicks, bootId);

    /// <inheritdoc/>
    public void Unregister(string name) => _store.Unregister(name);

    /// <inheritdoc/>
    public void SetPaused(string name, bool isPaused) => _store.SetPaused(name, isPaused);

    /// <inheritdoc/>
    public void SetOutcome(string name, string outcome) => _store.SetOutcome(name, outcome);

    /// <inheritdoc/>
    public void AddEvent(JobEvent happened) => _store.AddEvent(happened);

    /// <inheritdoc/>
    public IReadOnlyList<JobEvent> Events(string job, int count) => _store.Events(job, count);

    /// <inheritdoc/>
    public IDisposable BecomeService() => _store.BecomeService();

    /// <inheritdoc/>
    public IDisposable Lease(string job) => _store.Lease(job);

    /// <inheritdoc/>
    public IReadOnlyList<GenerationRecord> Generations(string job) => _store.Generations(job);

    /// <inheritdoc/>
    public IGenerationInProgress Begin(string job, GenerationName? baseGeneration, WriterLimits? limits = null)
        => new StoreSink(_store.Begin(job, baseGeneration, limits), baseGeneration is not null);

    /// <inheritdoc/>
    public IStoredGeneration OpenGeneration(GenerationName name) => new StoreSource(_store.OpenGeneration(name));

    /// <inheritdoc/>
    public VerifyReport Verify(GenerationName? only, IProgress<long>? bytesDone, CancellationToken cancellation)
        => _store.Verify(only, bytesDone, cancellation);

    /// <inheritdoc/>
    public VerifyReport VerifyWith(VerifyOptions options, IProgress<long>? bytesDone, CancellationToken cancellation)
        => _store.VerifyWith(options, bytesDone, cancellation);

    /// <inheritdoc/>
    public ProofAges Proofs() => _store.Proofs();

    /// <inheritdoc/>
    public IReadOnlyList<GenerationName> Forget(IEnumerable<GenerationName> names) => _store.Forget(names);

    /// <inheritdoc/>
    public void Pin(GenerationName name, string note) => _store.Pin(name, note);

    /// <inheritdoc/>
    public void Unpin(GenerationName name) => _store.Unpin(name);

    /// <inheritdoc/>
    public CollectReport Collect(CollectOptions options, IProgress<long>? bytesDone, CancellationToken cancellation)
        => _store.Collect(options, bytesDone, cancellation);

    /// <inheritdoc/>
    public IReadOnlyList<ChangedRange> Changes(GenerationName before, GenerationName after, string content) => _store.Changes(before, after, content);

    /// <inheritdoc/>
    public TransferReport Export(GenerationName name, Stream target, IProgress<long>? bytesDone, CancellationToken cancellation)
        => _store.Export(name, target, bytesDone, cancellation);

    /// <inheritdoc/>
    public TransferReport Import(Stream source, StoreSecret? secret, string job, IProgress<long>? bytesDone, CancellationToken cancellation)
        => _store.Import(source, secret, job, bytesDone, cancellation);

    /// <inheritdoc/>
    public StoreStatistics Statistics() => _store.Statistics();

    /// <inheritdoc/>
    public void Dispose() => _store.Dispose();
}
