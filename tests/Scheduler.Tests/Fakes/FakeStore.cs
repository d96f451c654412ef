using Checkpointer.Engine;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests.Fakes;

/// <summary>A store in memory. Writes its changing calls to a shared journal.</summary>
internal sealed class FakeStore(List<string> journal) : IJobStore
{
    public static readonly DateTimeOffset Epoch = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly List<JobRecord> _jobs = [];
    private readonly List<GenerationRecord> _generations = [];
    private readonly Dictionary<string, long> _numbers = [];

    public string Directory { get; set; } = "/store";

    public List<Damage> Damages { get; } = [];

    public Exception? CommitFailure { get; set; }

    public Exception? UpdateFailure { get; set; }

    public Exception? BeginFailure { get; set; }

    public JobRecord AddJob(string name, int pid = 4711, ulong startTicks = 100, bool isRegistered = true, string? cgroup = null)
    {
        var job = new JobRecord(name, pid, startTicks, FakeEngine.Boot, "lmp -in melt.lmp", Epoch, isRegistered, cgroup);
        _jobs.Add(job);
        return job;
    }

    public GenerationName AddGeneration(string job)
    {
        GenerationName name = NextName(job);
        Add(name, new GenerationSummary("full", "compare", "copy", 1234, 2, 5, 220L << 20, 210L << 20));
        return name;
    }

    public void Spoil(GenerationName name)
        => Damages.Add(new Damage("pack-1.pack offset 4096", "chunk hash differs", [name]));

    public IReadOnlyList<JobRecord> Jobs() => _jobs;

    public JobRecord Job(string name)
        => _jobs.Find(job => job.Name == name)
            ?? throw new StoreException(StoreFailure.NotFound, $"no job {name}", "see `checkpointer jobs`");

    public void Register(JobRecord job)
    {
        journal.Add($"register {job.Name}");
        if (_jobs.Exists(known => known.Name == job.Name && known.IsRegistered))
        {
            throw new StoreException(StoreFailure.AlreadyExists, $"job {job.Name} exists", "choose another name");
        }

        _jobs.RemoveAll(known => known.Name == job.Name);
        _jobs.Add(job);
    }

    public void UpdateProcess(string name, int pid, ulong startTicks, string bootId)
    {
        journal.Add($"update {name} {pid} {startTicks}");
        if (UpdateFailure is not null)
        {
            throw UpdateFailure;
        }

        JobRecord old = Job(name);
        _jobs[_jobs.IndexOf(old)] = old with { Pid = pid, StartTicks = startTicks, BootId = bootId, Outcome = "" };
    }

    public void Unregister(string name)
    {
        journal.Add($"unregister {name}");
        JobRecord old = Job(name);
        _jobs[_jobs.IndexOf(old)] = old with { IsRegistered = false };
    }

    public List<JobEvent> Happened { get; } = [];

    /// <summary>Limits of generations that were begun.</summary>
    public List<WriterLimits> Limits { get; } = [];

    public HashSet<string> Leased { get; } = [];

    public void SetPaused(string name, bool isPaused) => Replace(name, job => job with { IsPaused = isPaused });

    public void SetOutcome(string name, string outcome) => Replace(name, job => job with { Outcome = outcome });

    public void AddEvent(JobEvent happened)
    {
        lock (Happened)
        {
            Happened.Add(happened);
        }
    }

    public IReadOnlyList<JobEvent> Events(string job, int count)
    {
        lock (Happened)
        {
            return [.. Happened.Where(happened => happened.Job == job).TakeLast(count)];
        }
    }

    public IDisposable BecomeService() => new Released(() => { });

    public IDisposable Lease(string job)
        => Leased.Add(job) ? new Released(() => Leased.Remove(job)) : throw new StoreException(StoreFailure.Locked, $"job {job} is being restored", "wait");

    /// <summary>Changes a job.</summary>
    public void Replace(string name, Func<JobRecord, JobRecord> change)
    {
        JobRecord old = Job(name);
        _jobs[_jobs.IndexOf(old)] = change(old);
    }

    public IReadOnlyList<GenerationRecord> Generations(string job)
        => [.. _generations.Where(record => record.Name.Job == job)];

    public IGenerationInProgress Begin(string job, GenerationName? baseGeneration, WriterLimits? limits = null)
    {
        Limits.Add(limits ?? WriterLimits.Default);
        journal.Add(baseGeneration is null ? $"begin {job}" : $"begin {job} on {baseGeneration}");
        if (BeginFailure is not null)
        {
            throw BeginFailure;
        }

        if (baseGeneration is GenerationName name)
        {
            _ = Find(name);
        }

        return new InProgress(this, job, baseGeneration is not null, journal);
    }

    /// <summary>Takes a generation away, as retention would.</summary>
    public void Forget(GenerationName name) => _generations.Remove(Find(name));

    public IReadOnlyList<GenerationName> Forget(IEnumerable<GenerationName> names)
    {
        GenerationName[] removed = [.. names.Where(name => !Find(name).IsPinned)];
        Array.ForEach(removed, Forget);
        journal.Add($"forget {string.Join(' ', removed)}");
        return removed;
    }

    public void Pin(GenerationName name, string note) => Change(name, record => record with { IsPinned = true, Note = note });

    public void Unpin(GenerationName name) => Change(name, record => record with { IsPinned = false, Note = "" });

    /// <summary>Changes a record.</summary>
    public void Change(GenerationName name, Func<GenerationRecord, GenerationRecord> change)
        => _generations[_generations.IndexOf(Find(name))] = change(Find(name));

    public IStoredGeneration OpenGeneration(GenerationName name) => new Stored(Find(name));

    public VerifyReport Verify(GenerationName? only, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        journal.Add($"verify {only?.ToString() ?? "all"}");
        cancellation.ThrowIfCancellationRequested();
        bytesDone?.Report(1);
        GenerationName[] walked = only is GenerationName one
            ? [Find(one).Name]
            : [.. _generations.Select(record => record.Name)];
        Damage[] found = [.. Damages.Where(damage => only is null || damage.Generations.Contains(only.Value))];
        return new VerifyReport(1, 42, 8192, walked, found);
    }

    public CollectReport Collect(CollectOptions options, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        journal.Add(FormattableString.Invariant($"collect {options.RepackShare} {options.Wait}{(options.IsDryRun ? " dry" : "")}"));
        bytesDone?.Report(1);
        return new CollectReport(2, 7, 5000, 3000, 2, 1, 1, 400, 2500, [.. Damages.Select(damage => damage.Where)]);
    }

    public VerifyReport VerifyWith(VerifyOptions options, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        VerifyReport report = Verify(options.Only, bytesDone, cancellation);
        journal[^1] += FormattableString.Invariant($"{(options.Share < 1 ? $" {options.Share:0.####}" : "")}{(options.BytesPerSecond is { } rate ? $" at {rate}" : "")}");
        return report;
    }

    public ProofAges Proofs() => new(7, 2, Epoch);

    public IReadOnlyList<ChangedRange> Changes(GenerationName before, GenerationName after, string content) => [];

    public TransferReport Export(GenerationName name, Stream target, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        journal.Add($"export {Find(name).Name}");
        target.Write("export"u8);
        return Damages.Count == 0 ? new TransferReport(name, name, 6, 2, 0) : throw new StoreException(StoreFailure.Corrupt, "a chunk is bad");
    }

    public TransferReport Import(Stream source, StoreSecret? secret, string job, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        using var reader = new StreamReader(source);
        journal.Add($"import {reader.ReadToEnd()} as {job}");
        return new TransferReport(new GenerationName(job, 1), new GenerationName("md", 3), 6, 2, 4096);
    }

    public StoreStatistics Statistics()
        => new(1, _generations.Count, 1, 42, 440L << 20, 220L << 20, 100L << 20, 65536, [new JobStatistics("md", 2, 440L << 20, 100L << 20, 1000)], 1 << 30, 1 << 20);

    public void Dispose()
    {
    }

    // Numbers are never given twice, as in the real store.
    private GenerationName NextName(string job) => new(job, _numbers[job] = _numbers.GetValueOrDefault(job) + 1);

    private GenerationRecord Find(GenerationName name)
        => _generations.Find(record => record.Name == name)
            ?? throw new StoreException(StoreFailure.NotFound, $"no generation {name}", "see `checkpointer generations`");

    private GenerationRecord Add(GenerationName name, GenerationSummary summary)
    {
        var record = new GenerationRecord(name, Epoch, TimeSpan.FromMilliseconds(567), 1000, summary);
        _generations.Add(record);
        return record;
    }

    private sealed class Released(Action release) : IDisposable
    {
        public void Dispose() => release();
    }

    private sealed class InProgress(FakeStore store, string job, bool hasBase, List<string> journal) : IGenerationInProgress
    {
        public bool HasBase => hasBase;

        public void PutImage(string name, ReadOnlySpan<byte> image) => journal.Add($"image {name} {image.Length}");

        public IPageSink OpenPages(string name) => new Pages();

        public GenerationRecord Commit(GenerationSummary summary)
        {
            journal.Add("commit");
            return store.CommitFailure is null
                ? store.Add(store.NextName(job), summary)
                : throw store.CommitFailure;
        }

        public void Dispose() => journal.Add("close");
    }

    private sealed class Pages : IPageSink
    {
        public void Write(ulong address, ReadOnlySpan<byte> pages)
        {
        }

        public void Write(ulong address, long bytes, PageFill fill)
        {
        }

        public void Clear(ulong address, ulong length)
        {
        }

        public void Dispose()
        {
        }
    }

    private sealed class Stored(GenerationRecord record) : IStoredGeneration
    {
        public string Name => record.Name.ToString();

        public GenerationRecord Record => record;

        public IReadOnlyCollection<string> ImageNames => ["process/4712", "inventory", "process/4711"];

        public IReadOnlyCollection<string> ContentNames => ["memory/4711"];

        public byte[] ReadImage(string name) => new byte[100];

        public void ReadPages(string name, PageVisitor visitor)
        {
        }

        public void Dispose()
        {
        }
    }
}
