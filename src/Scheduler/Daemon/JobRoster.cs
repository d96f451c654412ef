using System.Collections.Concurrent;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>The jobs that the service cares for: all registered ones of its store. Whoever changes jobs beside the service is noticed at the next look.</summary>
internal sealed class JobRoster(CareParts parts, DaemonOptions options) : IDisposable
{
    private readonly ConcurrentDictionary<string, JobCare> _cares = new(StringComparer.Ordinal);
    private IReadOnlyList<PolicyProblem> _told = [];

    /// <summary>All jobs that are cared for, by name.</summary>
    public IReadOnlyList<JobCare> All => [.. _cares.Values.OrderBy(care => care.Name, StringComparer.Ordinal)];

    /// <summary>The care of a job.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public JobCare Of(string name) => _cares.GetOrAdd(parts.Store.Job(name).Name, known => new JobCare(known, parts));

    /// <summary>Looks at all jobs, and from then on now and then, until the service ends.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(options.LookEvery, parts.Time);
        try
        {
            do
            {
                Look();
            }
            while (await timer.WaitForNextTickAsync(stopping));
        }
        catch (OperationCanceledException)
        {
            // The service ends.
        }
    }

    /// <summary>Looks at policy files and all jobs.</summary>
    public void Look()
    {
        LookAtPolicies();
        LookAtJobs();
    }

    /// <summary>Lets go of all jobs; they run on. Dumps under way were cancelled by then.</summary>
    public Task LetGoAsync() => Task.WhenAll(_cares.Values.Select(care => care.LetGoAsync()));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (JobCare care in _cares.Values)
        {
            care.Dispose();
        }
    }

    private void LookAtPolicies()
    {
        _ = parts.Policies.Reload();
        IReadOnlyList<PolicyProblem> problems = parts.Policies.Problems;
        foreach (PolicyProblem problem in problems.Except(_told))
        {
            DaemonLog.PolicyProblem(parts.Log, problem.ToString());
        }

        _told = problems;
    }

    private void LookAtJobs()
    {
        try
        {
            foreach (JobRecord job in parts.Store.Jobs().Where(job => job.IsRegistered || _cares.ContainsKey(job.Name)))
            {
                _ = LookAsync(Of(job.Name));
            }
        }
        catch (StoreException failure)
        {
            DaemonLog.Failed(parts.Log, failure, "*", "the look at the jobs");
        }
    }

    private async Task LookAsync(JobCare care)
    {
        try
        {
            await care.LookWhenIdleAsync();
        }
        catch (Exception failure) when (CareParts.IsExpected(failure))
        {
            DaemonLog.Failed(parts.Log, failure, care.Name, "the look at it");
        }
        catch (OperationCanceledException)
        {
            // The service ends.
        }
    }
}
