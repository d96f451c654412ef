using Checkpointer.Store.Chunking;
using Checkpointer.Store.Index.Entities;

namespace Checkpointer.Store.Index;

/// <summary>Reads committed generations.</summary>
internal sealed class GenerationTable(IndexDatabase index)
{
    /// <summary>Generations of a job, oldest first.</summary>
    public IReadOnlyList<GenerationRow> Of(string job)
        => Query((jobs, generations) => from row in jobs.Where(row => row.Name == job)
                                        join generation in generations on row.Id equals generation.JobId
                                        select new JobGeneration(row.Name, generation));

    /// <summary>Generations of all jobs.</summary>
    public IReadOnlyList<GenerationRow> All()
        => Query((jobs, generations) => from row in jobs
                                        join generation in generations on row.Id equals generation.JobId
                                        select new JobGeneration(row.Name, generation));

    /// <summary>One generation, or null.</summary>
    public GenerationRow? Find(GenerationName name)
        => Query((jobs, generations) => from row in jobs.Where(row => row.Name == name.Job)
                                        join generation in generations.Where(row => row.Number == name.Number)
                                            on row.Id equals generation.JobId
                                        select new JobGeneration(row.Name, generation)).SingleOrDefault();

    /// <summary>One generation.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public GenerationRow Get(GenerationName name)
        => Find(name) ?? throw new StoreException(StoreFailure.NotFound, $"there is no generation {name}", $"'checkpointer generations {name.Job}' lists them");

    private List<GenerationRow> Query(
        Func<IQueryable<JobEntity>, IQueryable<GenerationEntity>, IQueryable<JobGeneration>> query)
        => index.RunContext(context => query(context.Jobs, context.Generations).AsEnumerable()
            .OrderBy(row => row.Job, StringComparer.Ordinal).ThenBy(row => row.Generation.Number)
            .Select(row => ToRow(row.Job, row.Generation)).ToList());

    private static GenerationRow ToRow(string job, GenerationEntity row)
        => new(
            new GenerationRecord(
                new GenerationName(job, row.Number), Instant.FromMicroseconds(row.CreatedAt),
                TimeSpan.FromMicroseconds(row.Duration), row.NewBytes,
                new GenerationSummary(
                    row.Kind, row.Tracker, row.Capture, row.FreezeMicroseconds, row.Processes, row.Threads,
                    row.PopulatedBytes, row.DirtyBytes)),
            new ChunkId(row.Manifest));

    private sealed record JobGeneration(string Job, GenerationEntity Generation);
}
