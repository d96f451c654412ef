using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Recovery;

/// <summary>The generation that is to be tried next, and when.</summary>
/// <param name="Generation">The generation.</param>
/// <param name="Failures">How often it failed since the job last ran well.</param>
/// <param name="Delay">Wait before it is tried.</param>
internal sealed record RecoveryPlan(GenerationName Generation, int Failures, TimeSpan Delay)
{
    private static readonly TimeSpan _delayMax = TimeSpan.FromHours(1);

    /// <summary>
    /// Chooses from the history: the newest good generation that has not failed too often. A generation fails where its restore does, and where the job crashes within the grace time
    /// after it (the event of the crash names the generation then). A new generation, a crash after a long run and a wish of a person begin the count again.
    /// </summary>
    /// <returns>Null where none is left.</returns>
    public static RecoveryPlan? Choose(IReadOnlyList<GenerationRecord> generations, IReadOnlyList<JobEvent> events, RecoveryPolicy policy)
    {
        Dictionary<long, int> failures = Count(events);
        GenerationRecord? next = generations.LastOrDefault(
            generation => !generation.IsDamaged && failures.GetValueOrDefault(generation.Name.Number) < policy.Attempts);
        if (next is null)
        {
            return null;
        }

        int failed = failures.GetValueOrDefault(next.Name.Number);
        return new RecoveryPlan(next.Name, failed, DelayOf(policy.BackOff, failed));
    }

    private static Dictionary<long, int> Count(IReadOnlyList<JobEvent> events)
    {
        var failures = new Dictionary<long, int>();
        foreach (JobEvent happened in events.Reverse())
        {
            bool isFailure = happened.Kind == EventKind.RecoveryFailed || EventKind.IsCrash(happened.Kind);
            if (isFailure && happened.Generation is { } generation)
            {
                failures[generation] = failures.GetValueOrDefault(generation) + 1;
            }
            else if (isFailure || happened.Kind is EventKind.Dumped or EventKind.Registered or EventKind.Resumed)
            {
                break;
            }
        }

        return failures;
    }

    private static TimeSpan DelayOf(TimeSpan backOff, int failures)
    {
        const int DoublingsMax = 20; // keeps the shift in range; the longest delay is reached long before
        TimeSpan delay = failures == 0 ? TimeSpan.Zero : backOff * (1L << Math.Min(failures - 1, DoublingsMax));
        return delay < _delayMax ? delay : _delayMax;
    }
}
