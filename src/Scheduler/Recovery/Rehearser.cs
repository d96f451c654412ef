using System.Globalization;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Recovery;

/// <summary>
/// Tries whether a job would come back, from the generation that a recovery would take: verified, the world checked, then made and compared by the engine, in namespaces of its own, without
/// running. Changes nothing, of the job neither, which may run.
/// </summary>
/// <param name="engine">Rehearses.</param>
/// <param name="store">Keeps.</param>
/// <param name="time">The clock.</param>
internal sealed class Rehearser(IJobEngine engine, IJobStore store, TimeProvider time)
{
    private readonly JobLocator _locator = new(engine);

    /// <summary>Rehearses one job. Failures are part of the outcome.</summary>
    /// <param name="job">The job.</param>
    /// <param name="progress">Told bytes done; may hold it up.</param>
    /// <param name="cancellation">Cancels.</param>
    public RehearsalOutcome Rehearse(JobRecord job, IProgress<long>? progress, CancellationToken cancellation)
    {
        long started = time.GetTimestamp();
        var warnings = new List<string>();
        RehearsalOutcome Outcome(RehearsalStatus status, GenerationName? generation, RehearsalReport? report, Exception? failure)
            => new(job.Name, status, generation, report, time.GetElapsedTime(started), warnings, failure);

        foreach (GenerationRecord generation in store.Generations(job.Name).Reverse().Where(generation => !generation.IsDamaged))
        {
            try
            {
                if (IsDamaged(generation.Name, progress, cancellation) is { } damage)
                {
                    warnings.Add(damage);
                    continue;
                }

                RehearsalReport report = Rehearse(job, generation, progress, cancellation);
                RehearsalStatus status = report.Obstacles.Count > 0 ? RehearsalStatus.Checked : report.Differences.Count > 0 ? RehearsalStatus.Failed : RehearsalStatus.Proven;
                return Outcome(status, generation.Name, report, failure: null);
            }
            catch (EngineException noRoom) when (noRoom.Reason == EngineFailure.TimedOut)
            {
                return Outcome(RehearsalStatus.Checked, generation.Name, report: null, noRoom);
            }
            catch (Exception failure) when (failure is EngineException or StoreException or IOException or UnauthorizedAccessException)
            {
                return Outcome(RehearsalStatus.Failed, generation.Name, report: null, failure);
            }
        }

        return Outcome(RehearsalStatus.Nothing, generation: null, report: null, failure: null);
    }

    private string? IsDamaged(GenerationName name, IProgress<long>? progress, CancellationToken cancellation)
    {
        IReadOnlyList<Damage> damages = store.Verify(name, progress, cancellation).Damages;
        return damages.Count == 0 ? null : $"generation {name} is damaged, first {damages[0].Where}: {damages[0].What}; passed over";
    }

    private RehearsalReport Rehearse(JobRecord job, GenerationRecord record, IProgress<long>? progress, CancellationToken cancellation)
    {
        using IStoredGeneration generation = store.OpenGeneration(record.Name);
        if (_locator.FindRunning(job) is null)
        {
            // Whether its files can be put back is known only while the job itself does not write them.
            _ = engine.PlanRestore(generation, string.Create(CultureInfo.InvariantCulture, $"{job.Name}-{record.Name.Number}"), RestoreChoices.Default);
        }

        return engine.Rehearse(generation, record.Summary.PopulatedBytes, progress, cancellation);
    }
}
