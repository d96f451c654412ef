using System.Globalization;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Recovery;

/// <summary>Restores one generation: verify every byte first, then build the processes, then record who they are, then let them run. Whoever dies on the way leaves
/// either no process, or one that the store knows.</summary>
/// <param name="engine">Restores.</param>
/// <param name="store">Keeps.</param>
/// <param name="progress">Shows how far it is.</param>
/// <param name="time">The clock.</param>
/// <param name="choices">What is decided.</param>
/// <param name="copy">Name of a new job that is restored beside the one of the generation; null where it is that job.</param>
/// <param name="built">Told who the root is, before any of the processes runs.</param>
internal sealed class GenerationRestorer(
    IJobEngine engine, IJobStore store, IProgressDisplay progress, TimeProvider time, RestoreChoices choices, string? copy = null, Action<ProcessIdentity>? built = null)
{
    /// <summary>Verifies and restores. The caller made sure that the job does not run.</summary>
    /// <exception cref="SchedulerException">Damaged: nothing was restored.</exception>
    public RestoredGeneration Restore(GenerationName name, CancellationToken cancellation)
    {
        long started = time.GetTimestamp();
        RequireWhole(name, cancellation);
        RestoreReport report = Build(name, cancellation);
        return new RestoredGeneration(name, report, time.GetElapsedTime(started));
    }

    /// <summary>Verifies, checks the world, and says what a restore would do with files. Changes nothing.</summary>
    /// <exception cref="SchedulerException">Damaged.</exception>
    public IReadOnlyList<FileChange> Plan(GenerationName name, CancellationToken cancellation)
    {
        RequireWhole(name, cancellation);
        using IStoredGeneration generation = store.OpenGeneration(name);
        return engine.PlanRestore(generation, SuffixOf(name), choices);
    }

    private static string SuffixOf(GenerationName name) => string.Create(CultureInfo.InvariantCulture, $"{name.Job}-{name.Number}");

    private void RequireWhole(GenerationName name, CancellationToken cancellation)
    {
        using IProgressTask task = progress.Start($"verify of {name}", 0);
        VerifyReport verified = store.Verify(name, task, cancellation);
        if (verified.Damages.Count > 0)
        {
            Damage first = verified.Damages[0];
            throw new SchedulerException(
                SchedulerFailure.Damaged,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"generation {name} is damaged in {verified.Damages.Count} place(s), first {first.Where}: {first.What}"),
                $"`checkpointer recover --latest {name.Job}` takes the newest good generation");
        }
    }

    private RestoreReport Build(GenerationName name, CancellationToken cancellation)
    {
        using IStoredGeneration generation = store.OpenGeneration(name);
        using IProgressTask task = progress.Start($"restore of {name}", generation.Record.Summary.PopulatedBytes);
        return engine.Restore(
            generation,
            SuffixOf(name),
            task,
            choices,
            root =>
            {
                Record(name, root);
                built?.Invoke(root);
            },
            cancellation);
    }

    private void Record(GenerationName name, ProcessIdentity root)
    {
        try
        {
            if (copy is null)
            {
                store.UpdateProcess(name.Job, root.Pid.Value, root.StartTicks, root.BootId);
                return;
            }

            store.Register(store.Job(name.Job) with
            {
                Name = copy,
                Pid = root.Pid.Value,
                StartTicks = root.StartTicks,
                BootId = root.BootId,
                RegisteredAt = time.GetUtcNow(),
                IsRegistered = true,
                IsPaused = false,
                Outcome = "",
            });
        }
        catch (Exception failure) when (failure is StoreException or IOException)
        {
            // The processes stand still and die with this restore: one that nobody knows of would be restored a second time.
            throw new SchedulerException(
                SchedulerFailure.Failed, $"the store could not record the process of job {copy ?? name.Job}, so it was not restored: {failure.Message}", null, failure);
        }
    }
}
