using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Metrics;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Upkeep;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Alerts;

/// <summary>
/// Decides who is told what: once when something begins to fail, once when it works again, once when there has been no good generation for too long. May be told from
/// several threads.
/// </summary>
/// <param name="rulesOf">What the policy of a job says now; null for nothing.</param>
/// <param name="send">Takes alerts on; does not wait for anybody.</param>
/// <param name="memory">What fails, and was told: over the end of the service, so that nobody is told twice, and the first success is told though another service saw the failure.</param>
/// <param name="time">The clock.</param>
internal sealed class Alerter(Func<string, AlertRules?> rulesOf, Action<AlertRules, Alert> send, ServiceMemory memory, TimeProvider time) : IJobObserver
{
    private const string Dump = "dump";
    private const string Recovery = "recovery";
    private const string Verify = "verify";
    private const string Age = "age";
    private const string Rehearsal = "rehearsal";

    /// <inheritdoc/>
    public void Dumped(GenerationRecord generation)
    {
        string job = generation.Name.Job;
        _ = memory.WorksAgain(job, Age);
        Succeeded(job, Dump, $"dumps of job {job} work again: {generation.Name}");
    }

    /// <inheritdoc/>
    public void DumpFailed(string job, string why) => Failed(job, Dump, $"a dump of job {job} failed: {why}");

    /// <inheritdoc/>
    public void Crashed(string job, string how) => Failed(job, Recovery, $"job {job} ended: {how}");

    /// <inheritdoc/>
    public void Recovered(GenerationName generation, TimeSpan duration) => Succeeded(generation.Job, Recovery, $"job {generation.Job} runs again, from {generation}");

    /// <summary>Nobody is told: that the newest good generation is too old says it, where it matters.</summary>
    public void Missed(string job, int times)
    {
    }

    /// <inheritdoc/>
    public void RecoveryFailed(string job, string why) => Failed(job, Recovery, $"a recovery of job {job} failed: {why}");

    /// <inheritdoc/>
    public void Spoiled(string job, string why) => Failed(job, Verify, $"a verify found generations of job {job} bad: {why}");

    /// <inheritdoc/>
    public void Sound(string job) => Succeeded(job, Verify, $"no generation of job {job} is known to be bad any more");

    /// <inheritdoc/>
    public void Rehearsed(string job, string outcome, string detail)
    {
        if (outcome is "proven" or "checked")
        {
            Succeeded(job, Rehearsal, $"job {job} would come back: {detail}");
        }
        else
        {
            Failed(job, Rehearsal, $"job {job} would not come back: {detail}");
        }
    }

    /// <summary>Looks whose newest good generation is too old. Called now and then.</summary>
    public void Look(IEnumerable<JobState> jobs)
    {
        DateTimeOffset now = time.GetUtcNow();
        foreach (JobState job in jobs.Where(job => job.IsRunning))
        {
            DateTimeOffset since = job.NewestGoodAt ?? job.Since;
            if (rulesOf(job.Name) is { NoGoodGenerationFor: { } longest } rules && now - since > longest && memory.BeginsToFail(job.Name, Age))
            {
                string last = job.NewestGoodAt is null ? "it has none" : $"the newest was begun at {since:u}";
                Send(rules, AlertKind.NoGoodGeneration, job.Name, $"job {job.Name} runs and has had no good generation for {DurationText.Format(longest)}: {last}");
            }
        }
    }

    private void Failed(string job, string work, string message)
    {
        bool isFirst = memory.BeginsToFail(job, work);
        if (isFirst && rulesOf(job) is { } rules && rules.OnFailure != false)
        {
            Send(rules, AlertKind.Failure, job, message);
        }
    }

    private void Succeeded(string job, string work, string message)
    {
        bool wasFailing = memory.WorksAgain(job, work);
        if (wasFailing && rulesOf(job) is { } rules && rules.OnSuccessAfterFailure != false)
        {
            Send(rules, AlertKind.SuccessAfterFailure, job, message);
        }
    }

    private void Send(AlertRules rules, AlertKind kind, string job, string message)
        => send(rules, new Alert(kind, job, message, time.GetUtcNow(), Environment.MachineName));
}
