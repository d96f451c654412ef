using Checkpointer.Store.Chunking;
using Checkpointer.Store.Encryption;
using Checkpointer.Store.Files;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Index;
using Checkpointer.Store.Interop;
using Checkpointer.Store.Maintenance;
using Checkpointer.Store.Packs;
using Checkpointer.Store.Transfer;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Store;

/// <summary>
/// A store directory: packs of chunks, and the SQLite index that finds them. Several processes may have it open;
/// one generation of a job is written at a time. Safe for use from any thread.
/// </summary>
public sealed class CheckpointStore : IDisposable
{
    private readonly StoreContext _store;

    // Whether a sweep of ours found packs and index in step. From then on whoever may change that leaves a mark. Guarded by the store lock.
    private bool _isInStep;

    private CheckpointStore(StoreContext store) => _store = store;

    /// <summary>Absolute path of the store.</summary>
    public string Directory => _store.Paths.Root;

    /// <summary>Creates the directory (mode 0700), its format file and an empty index, encrypted where there is a key; an existing store is opened.</summary>
    /// <exception cref="StoreException">As <see cref="Open(string, StoreOptions, ILoggerFactory)"/>, or Failed: the directory holds something else.</exception>
    public static CheckpointStore OpenOrCreate(string directory, StoreOptions options, ILoggerFactory loggers)
        => OpenOrCreate(directory, options, loggers, new LinuxFileSystem(), TimeProvider.System);

    /// <summary>Opens an existing store. A missing index is rebuilt from the packs.</summary>
    /// <exception cref="StoreException">NoStore, UnsupportedVersion, Corrupt, NotPermitted, or NoKey: it is encrypted and there is no right key, or it is not and there is one.</exception>
    public static CheckpointStore Open(string directory, StoreOptions options, ILoggerFactory loggers)
        => Open(directory, options, loggers, new LinuxFileSystem(), TimeProvider.System);

    /// <summary>Repairs a store, also one that does not open: makes <c>format</c> and index again where they are damaged, saves what is good of damaged packs, and moves these to
    /// <c>quarantine/</c>. Dumps and readers may go on meanwhile, as beside a collection, unless the index must be replaced.</summary>
    /// <param name="directory">The store.</param>
    /// <param name="options">Limits of the store.</param>
    /// <param name="loggers">Where it says what it does.</param>
    /// <param name="repair">What may be done.</param>
    /// <param name="bytesDone">Told the bytes read so far, now and then.</param>
    /// <param name="cancellation">Stops it; what was exchanged so far stays exchanged.</param>
    /// <exception cref="StoreException">NoStore; Locked; NotPermitted; Full; UnsupportedVersion; Corrupt where nothing says whose packs these are.</exception>
    public static RepairReport Repair(
        string directory, StoreOptions options, ILoggerFactory loggers, RepairOptions repair, IProgress<long>? bytesDone, CancellationToken cancellation)
        => Repair(directory, options, loggers, repair, bytesDone, new LinuxFileSystem(), cancellation);

    internal StoreContext Context => _store;

    /// <summary>All jobs by name, unregistered ones that still have generations included.</summary>
    public IReadOnlyList<JobRecord> Jobs() => _store.Jobs.All();

    /// <summary>One job.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public JobRecord Job(string name) => _store.Jobs.Get(name);

    /// <summary>Adds or re-registers a job. A registered job of the same name is an AlreadyExists failure;
    /// an unregistered one is taken up again with its generations.</summary>
    /// <exception cref="ArgumentException">The name is not allowed.</exception>
    public void Register(JobRecord job)
    {
        RequireJobName(job.Name);
        _store.Jobs.Register(job);
    }

    /// <summary>Replaces the process facts of a job, after a recovery.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public void UpdateProcess(string name, int pid, ulong startTicks, string bootId)
        => _store.Jobs.UpdateProcess(name, pid, startTicks, bootId);

    /// <summary>Ends the registration; generations stay.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public void Unregister(string name) => _store.Jobs.Unregister(name);

    /// <summary>Suspends a job, or goes on with it.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public void SetPaused(string name, bool isPaused) => _store.Jobs.SetPaused(name, isPaused);

    /// <summary>Says how a job ended for good; empty where it is to run. <see cref="UpdateProcess"/> empties it.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public void SetOutcome(string name, string outcome) => _store.Jobs.SetOutcome(name, outcome);

    /// <summary>Replaces the policy of a job.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public void SetPolicy(string name, string policy) => _store.Jobs.SetPolicy(name, policy);

    /// <summary>Remembers what happened to a job; of each job the newest few thousand events are kept.</summary>
    public void AddEvent(JobEvent happened) => _store.Events.Add(happened);

    /// <summary>The newest events of a job, the oldest of them first.</summary>
    public IReadOnlyList<JobEvent> Events(string job, int count) => _store.Events.Of(job, count);

    /// <summary>Makes the caller the service of this store, of which there is one at a time. It dies with its process.</summary>
    /// <exception cref="StoreException">Locked: another one is alive.</exception>
    public IDisposable BecomeService() => FileLock.TryExclusive(_store.Paths.ServiceLock) ?? throw new StoreException(
        StoreFailure.Locked,
        $"the store {_store.Paths.Root} has a service already, process {FileLock.Holder(_store.Paths.ServiceLock)?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown"}",
        "end it first, or name another store");

    /// <summary>Takes the lease of a job: only who has it may restore the job. It dies with its process.</summary>
    /// <exception cref="StoreException">Locked: somebody else has it; NotFound.</exception>
    public IDisposable Lease(string job)
    {
        var path = _store.Paths.JobLease(_store.Jobs.Get(job).Name);
        return FileLock.TryExclusive(path) ?? throw new StoreException(
            StoreFailure.Locked,
            $"job '{job}' is being restored by process {FileLock.Holder(path)?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown"}", "wait until it has ended");
    }

    /// <summary>Committed generations of a job, oldest first; none for a job that does not exist.</summary>
    public IReadOnlyList<GenerationRecord> Generations(string job)
        => [.. _store.Generations.Of(job).Select(generation => generation.Record)];

    /// <summary>Begins a generation of a job. Takes the job's writer lock until disposed.</summary>
    /// <param name="job">Registered or not, it must exist.</param>
    /// <param name="baseGeneration">Generation whose pages stay where nothing is written or cleared; null for none.</param>
    /// <param name="limits">What writing it may use; null for <see cref="WriterLimits.Default"/>.</param>
    /// <exception cref="StoreException">Locked when another dump of the job is under way; NotFound; Corrupt when the base's manifest is, or the base was found spoiled.</exception>
    public GenerationWriter Begin(string job, GenerationName? baseGeneration, WriterLimits? limits = null)
    {
        var record = _store.Jobs.Get(job);
        SweepIfAlone();
        var locks = WriterLocks.Take(_store.Files, _store.Paths, job);
        try
        {
            RequireGood(baseGeneration);
            var manifest = baseGeneration is { } name ? ReadManifest(name) : null;
            var limited = _store with { Options = _store.Options.With(limits ?? WriterLimits.Default) };
            return new GenerationWriter(limited, record, new GenerationName(job, _store.Jobs.TakeNumber(job)), manifest, locks);
        }
        catch
        {
            locks.Dispose();
            throw;
        }
    }

    /// <summary>Opens a committed generation for reading.</summary>
    /// <exception cref="StoreException">NotFound or Corrupt.</exception>
    public GenerationReader OpenGeneration(GenerationName name)
    {
        var readers = FileLock.Shared(_store.Paths.ReadersLock);
        try
        {
            var row = _store.Generations.Get(name);
            return new GenerationReader(_store, row.Record, row.Manifest, readers);
        }
        catch
        {
            readers.Dispose();
            throw;
        }
    }

    /// <summary>Reads every stored byte that <paramref name="only"/> (or, when null, the whole store) needs and proves it.</summary>
    /// <param name="only">One generation, or null for all packs and all generations.</param>
    /// <param name="bytesDone">Told the bytes read so far, now and then.</param>
    /// <param name="cancellation">Stops between chunks.</param>
    /// <exception cref="StoreException">NotFound, or the index cannot be read at all.</exception>
    public VerifyReport Verify(GenerationName? only, IProgress<long>? bytesDone, CancellationToken cancellation)
        => VerifyWith(new VerifyOptions(only), bytesDone, cancellation);

    /// <summary>Reads stored bytes and proves them: what a generation needs, or packs. When each pack was proved is kept, so a share goes on where the last one ended, also when
    /// that was cancelled or killed.</summary>
    /// <param name="options">What to read, and how fast.</param>
    /// <param name="bytesDone">Told the bytes read so far, now and then.</param>
    /// <param name="cancellation">Stops between chunks.</param>
    /// <exception cref="StoreException">NotFound, or the index cannot be read at all.</exception>
    public VerifyReport VerifyWith(VerifyOptions options, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        var limited = _store with { Options = _store.Options.With(new WriterLimits(Workers: options.Workers)) };
        var report = new StoreVerifier(limited, options, bytesDone, cancellation).Run();
        Remember(report, isComplete: options.Only is not null || options.Share == 1);
        return report;
    }

    /// <summary>Reads every byte of every pack and compares it with its checksums, without index and key. Tells accidents, not forgeries; names no generations.</summary>
    /// <param name="directory">The store.</param>
    /// <param name="bytesDone">Told the bytes read so far, now and then.</param>
    /// <param name="cancellation">Stops between chunks.</param>
    /// <exception cref="StoreException">NoStore, Corrupt, UnsupportedVersion or NotPermitted.</exception>
    public static VerifyReport VerifyChecksums(string directory, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        var (files, paths) = (new LinuxFileSystem(), new StorePaths(Path.GetFullPath(directory)));
        return new ChecksumVerifier(files, paths, StoreFormat.Read(files, paths).StoreId, bytesDone, cancellation).Run();
    }

    /// <summary>How long ago packs were proved good.</summary>
    public ProofAges Proofs()
    {
        var rows = _store.PackTable.All();
        return new ProofAges(rows.Count, rows.Count(row => row.ProvedAt is null), rows.Min(row => row.ProvedAt));
    }

    /// <summary>Makes generations not exist any more. Their space comes back when garbage is collected.</summary>
    /// <returns>Those that were removed: pinned ones, and ones that do not exist, are passed over.</returns>
    public IReadOnlyList<GenerationName> Forget(IEnumerable<GenerationName> names) => _store.Upkeep.Forget(names);

    /// <summary>Gives the space of what no generation needs back: drops packs that hold nothing else, and rewrites those that hold little else. Dumps, readers and other
    /// changes may go on meanwhile; for the moment in which packs are exchanged it waits until none of them is under way.</summary>
    /// <param name="options">What to collect.</param>
    /// <param name="bytesDone">Told the bytes rewritten so far, now and then.</param>
    /// <param name="cancellation">Stops it; what was exchanged so far stays exchanged.</param>
    /// <exception cref="StoreException">Locked: another collection is under way, or a dump or a reader did not end in time. Corrupt: a generation is so damaged that
    /// it is not known what it needs; nothing was removed.</exception>
    public CollectReport Collect(CollectOptions options, IProgress<long>? bytesDone, CancellationToken cancellation)
        => GarbageCollector.Run(_store, options, bytesDone, cancellation);

    /// <summary>Keeps a generation from being removed.</summary>
    /// <param name="name">The generation.</param>
    /// <param name="note">Why, for people; empty for no note.</param>
    /// <exception cref="StoreException">NotFound.</exception>
    public void Pin(GenerationName name, string note) => _store.Upkeep.Pin(name, true, note);

    /// <summary>Lets a generation be removed again.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public void Unpin(GenerationName name) => _store.Upkeep.Pin(name, false, "");

    /// <summary>Pages of a content that differ between two generations, ascending; one that a generation lacks is empty there. Reads what changed, and no more.</summary>
    /// <exception cref="StoreException">NotFound or Corrupt.</exception>
    public IReadOnlyList<ChangedRange> Changes(GenerationName before, GenerationName after, string content)
    {
        using var readers = FileLock.Shared(_store.Paths.ReadersLock);
        ContentEntry? In(GenerationName name) => ReadManifest(name).Contents.FirstOrDefault(entry => entry.Name == content);
        return new ContentComparison(_store).Run(In(before), In(after));
    }

    /// <summary>Writes a generation with all that it needs as one stream that can be imported into any store.</summary>
    /// <param name="name">The generation.</param>
    /// <param name="target">Written front to back.</param>
    /// <param name="bytesDone">Told the bytes written so far, now and then.</param>
    /// <param name="cancellation">Stops it; the stream is of no use then.</param>
    /// <exception cref="StoreException">NotFound or Corrupt.</exception>
    public TransferReport Export(GenerationName name, Stream target, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        using var readers = FileLock.Shared(_store.Paths.ReadersLock);
        return GenerationExport.Run(_store, _store.Generations.Get(name), target, bytesDone, cancellation);
    }

    /// <summary>Takes an export in as the next generation of a job, which is made, unregistered, where there is none.</summary>
    /// <param name="source">Read front to back.</param>
    /// <param name="job">Name of the job.</param>
    /// <param name="bytesDone">Told the bytes read so far, now and then.</param>
    /// <param name="cancellation">Stops it; nothing of it stays.</param>
    /// <exception cref="StoreException">AlreadyExists: a job of that name is registered. Locked. Corrupt or UnsupportedVersion: the export is. Full.</exception>
    public TransferReport Import(Stream source, string job, IProgress<long>? bytesDone, CancellationToken cancellation)
        => Import(source, null, job, bytesDone, cancellation);

    /// <summary>As <see cref="Import(Stream, string, IProgress{long}?, CancellationToken)"/>, of an export that is encrypted with another secret than this store.</summary>
    /// <param name="source">Read front to back.</param>
    /// <param name="secret">What opens the export; null for what opens the store.</param>
    /// <param name="job">Name of the job.</param>
    /// <param name="bytesDone">Told the bytes read so far, now and then.</param>
    /// <param name="cancellation">Stops it; nothing of it stays.</param>
    /// <exception cref="StoreException">As of the other, and NoKey.</exception>
    public TransferReport Import(Stream source, StoreSecret? secret, string job, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        RequireJobName(job);
        if (_store.Jobs.All().Any(known => known.Name == job && known.IsRegistered))
        {
            throw new StoreException(StoreFailure.AlreadyExists, $"a job named '{job}' is registered, and an import is no generation of it", "choose another name, or unregister it first");
        }

        SweepIfAlone();
        using var locks = WriterLocks.Take(_store.Files, _store.Paths, job);
        var report = GenerationImport.Run(_store, source, secret ?? _store.Options.Secret, job, bytesDone, cancellation);
        locks.Finish();
        return report;
    }

    /// <summary>Sizes.</summary>
    public StoreStatistics Statistics()
        => new StatisticsQuery(_store.Index).Run(
            (_store.Files.Length(_store.Paths.Index) ?? 0) + (_store.Files.Length(_store.Paths.Index + "-wal") ?? 0),
            new DriveInfo(_store.Paths.Root).AvailableFreeSpace, _store.Time.GetUtcNow());

    /// <inheritdoc/>
    public void Dispose()
    {
        _store.Packs.Dispose();
        _store.Index.Dispose();
        _store.Names.Dispose();
        _store.Cipher?.Dispose();
    }

    internal static CheckpointStore OpenOrCreate(
        string directory, StoreOptions options, ILoggerFactory loggers, IFileSystem files, TimeProvider time)
    {
        StoreDirectory.Create(files, new StorePaths(Path.GetFullPath(directory)), options.Secret, time.GetUtcNow());
        return Open(directory, options, loggers, files, time);
    }

    internal static RepairReport Repair(
        string directory, StoreOptions options, ILoggerFactory loggers, RepairOptions repair, IProgress<long>? bytesDone, IFileSystem files,
        CancellationToken cancellation)
    {
        var paths = new StorePaths(Path.GetFullPath(directory));
        var isFormatWritten = FormatRepair.Run(files, paths, repair.IsDryRun);
        if (isFormatWritten && repair.IsDryRun)
        {
            return new RepairReport(true, false, 0, 0, [], [], 0, 0, 0, [], []);
        }

        using var cipher = OpenCipher(files, paths, options);
        var contextOf = Prepare(paths, options, loggers, files, TimeProvider.System, cipher);
        return new RepairSession(files, paths, repair, cipher, contextOf).Run(isFormatWritten, bytesDone, cancellation);
    }

    internal static CheckpointStore Open(
        string directory, StoreOptions options, ILoggerFactory loggers, IFileSystem files, TimeProvider time)
    {
        var paths = new StorePaths(Path.GetFullPath(directory));
        var cipher = OpenCipher(files, paths, options);
        try
        {
            var contextOf = Prepare(paths, options, loggers, files, time, cipher);
            return new CheckpointStore(contextOf(IndexOpening.Open(files, paths, cipher, index => CrashSweep.Rebuild(contextOf(index)))));
        }
        catch
        {
            cipher?.Dispose();
            throw;
        }
    }

    // A store that is not encrypted could have been put into the place of one that is, to have the next dump in the clear.
    private static StoreCipher? OpenCipher(IFileSystem files, StorePaths paths, StoreOptions options)
    {
        var format = StoreFormat.Read(files, paths);
        if (format.IsEncrypted)
        {
            return new KeyRing(files, paths).Open(options.Secret, format.StoreId);
        }

        return options.Secret is null ? null : throw new StoreException(
            StoreFailure.NoKey, $"the store {paths.Root} is not encrypted, and a key is named for it", "name another store, or no key: --key-file \"\"");
    }

    private static Func<IndexDatabase, StoreContext> Prepare(
        StorePaths paths, StoreOptions options, ILoggerFactory loggers, IFileSystem files, TimeProvider time, StoreCipher? cipher)
    {
        var format = StoreFormat.Read(files, paths);
        if (!files.HasDirectory(paths.Packs))
        {
            throw new StoreException(StoreFailure.Corrupt, $"the store {paths.Root} has no directory 'packs'", "restore it from a backup");
        }

        files.CreateDirectory(paths.Locks);
        files.CreateDirectory(paths.Temporary);
        var named = cipher is null ? paths : paths with { NameOfJob = cipher.Token };
        return index => new StoreContext(
            files, named, format, options, time, index, new PackCache(files, paths, format.StoreId), cipher?.Names ?? ChunkNames.OfStore(format.StoreId), cipher, loggers.CreateLogger<CheckpointStore>());
    }

    private static void RequireJobName(string name)
    {
        if (!Names.IsJob(name))
        {
            throw new ArgumentException($"'{name}' is not a job name: letters, digits and . _ - only, 1 to {Names.JobCharactersMax}, beginning with a letter or digit", nameof(name));
        }
    }

    // The locks cannot be had while a writer or a collection lives; then its packs are not orphans, and there is nothing to do.
    private void SweepIfAlone()
    {
        using var collecting = FileLock.TryExclusive(_store.Paths.CollectLock);
        using var alone = collecting is null ? null : FileLock.TryExclusive(_store.Paths.StoreLock);
        if (alone is not null && !(_isInStep && CrashSweep.IsClean(_store)))
        {
            _isInStep = CrashSweep.Run(_store);
        }
    }

    // What was found is the caller's in any case; an index that cannot be written is damage of its own, or somebody else's disk.
    // A share of the packs can tell that a generation is spoiled, but not that it is not.
    private void Remember(VerifyReport report, bool isComplete)
    {
        var spoiled = report.Damages.SelectMany(damage => damage.Generations).ToHashSet();
        try
        {
            _store.Upkeep.SetDamaged(isComplete ? report.Generations : spoiled, spoiled);
        }
        catch (StoreException exception)
        {
            _store.Log.ForgotVerify(exception, _store.Paths.Index);
        }
    }

    // What is not written again would be as bad in the new generation as it is in its base.
    private void RequireGood(GenerationName? baseGeneration)
    {
        if (baseGeneration is { } name && _store.Generations.Get(name).Record.IsDamaged)
        {
            throw new StoreException(StoreFailure.Corrupt, $"generation {name} is damaged, and nothing can be built on it", "take a full generation");
        }
    }

    private Manifest ReadManifest(GenerationName name)
        => new MapReader(new ChunkReader(_store)).Manifest(_store.Generations.Get(name).Manifest, name);
}
