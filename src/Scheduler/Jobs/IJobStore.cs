using Checkpointer.Engine;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Jobs;

/// <summary>What jobs and recovery need of the store. <see cref="CheckpointStore"/> does it; the order of the steps around it
/// is proved against a fake.</summary>
internal interface IJobStore : IDisposable
{
    /// <summary>Absolute path of the store.</summary>
    string Directory { get; }

    /// <summary>As <see cref="CheckpointStore.Jobs"/>.</summary>
    IReadOnlyList<JobRecord> Jobs();

    /// <summary>As <see cref="CheckpointStore.Job"/>.</summary>
    JobRecord Job(string name);

    /// <summary>As <see cref="CheckpointStore.Register"/>.</summary>
    void Register(JobRecord job);

    /// <summary>As <see cref="CheckpointStore.UpdateProcess"/>.</summary>
    void UpdateProcess(string name, int pid, ulong startTicks, string bootId);

    /// <summary>As <see cref="CheckpointStore.Unregister"/>.</summary>
    void Unregister(string name);

    /// <summary>As <see cref="CheckpointStore.SetPaused"/>.</summary>
    void SetPaused(string name, bool isPaused);

    /// <summary>As <see cref="CheckpointStore.SetOutcome"/>.</summary>
    void SetOutcome(string name, string outcome);

    /// <summary>As <see cref="CheckpointStore.AddEvent"/>.</summary>
    void AddEvent(JobEvent happened);

    /// <summary>As <see cref="CheckpointStore.Events"/>.</summary>
    IReadOnlyList<JobEvent> Events(string job, int count);

    /// <summary>As <see cref="CheckpointStore.BecomeService"/>.</summary>
    IDisposable BecomeService();

    /// <summary>As <see cref="CheckpointStore.Lease"/>.</summary>
    IDisposable Lease(string job);

    /// <summary>As <see cref="CheckpointStore.Generations"/>: oldest first.</summary>
    IReadOnlyList<GenerationRecord> Generations(string job);

    /// <summary>As <see cref="CheckpointStore.Begin"/>.</summary>
    IGenerationInProgress Begin(string job, GenerationName? baseGeneration, WriterLimits? limits = null);

    /// <summary>As <see cref="CheckpointStore.OpenGeneration"/>.</summary>
    IStoredGeneration OpenGeneration(GenerationName name);

    /// <summary>As <see cref="CheckpointStore.Verify"/>.</summary>
    VerifyReport Verify(GenerationName? only, IProgress<long>? bytesDone, CancellationToken cancellation);

    /// <summary>As <see cref="CheckpointStore.VerifyWith"/>.</summary>
    VerifyReport VerifyWith(VerifyOptions options, IProgress<long>? bytesDone, CancellationToken cancellation);

    /// <summary>As <see cref="CheckpointStore.Proofs"/>.</summary>
    ProofAges Proofs();

    /// <summary>As <see cref="CheckpointStore.Forget"/>.</summary>
    IReadOnlyList<GenerationName> Forget(IEnumerable<GenerationName> names);

    /// <summary>As <see cref="CheckpointStore.Pin"/>.</summary>
    void Pin(GenerationName name, string note);

    /// <summary>As <see cref="CheckpointStore.Unpin"/>.</summary>
    void Unpin(GenerationName name);

    /// <summary>As <see cref="CheckpointStore.Collect"/>.</summary>
    CollectReport Collect(CollectOptions options, IProgress<long>? bytesDone, CancellationToken cancellation);

    /// <summary>As <see cref="CheckpointStore.Changes"/>.</summary>
    IReadOnlyList<ChangedRange> Changes(GenerationName before, GenerationName after, string content);

    /// <summary>As <see cref="CheckpointStore.Export"/>.</summary>
    TransferReport Export(GenerationName name, Stream target, IProgress<long>? bytesDone, CancellationToken cancellation);

    /// <summary>As <see cref="CheckpointStore.Import(Stream, StoreSecret?, string, IProgress{long}?, CancellationToken)"/>.</summary>
    TransferReport Import(Stream source, StoreSecret? secret, string job, IProgress<long>? bytesDone, CancellationToken cancellation);

    /// <summary>As <see cref="CheckpointStore.Statistics"/>.</summary>
    StoreStatistics Statistics();
}

/// <summary>A generation being written. Disposed without <see cref="Commit"/>, it never existed.</summary>
internal interface IGenerationInProgress : ICheckpointSink, IDisposable
{
    /// <summary>Makes everything durable, then makes the generation exist.</summary>
    GenerationRecord Commit(GenerationSummary summary);
}

/// <summary>A committed generation open for reading.</summary>
internal interface IStoredGeneration : ICheckpointSource, IDisposable
{
    /// <summary>Its record.</summary>
    GenerationRecord Record { get; }

    /// <summary>Names of its contents: memories and files.</summary>
    IReadOnlyCollection<string> ContentNames { get; }
}
