using System.Globalization;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Jobs;

/// <summary>A generation as people name it: <c>JOB/NUMBER</c> or <c>JOB/latest</c>.</summary>
/// <param name="Job">Name of the job.</param>
/// <param name="Number">Number of the generation, or null for the latest.</param>
internal readonly record struct GenerationReference(string Job, long? Number)
{
    private const string Latest = "latest";

    /// <summary>Reads <c>JOB/NUMBER</c> or <c>JOB/latest</c>.</summary>
    public static bool TryParse(string text, out GenerationReference reference)
    {
        reference = default;
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !JobName.IsValid(text[..slash]))
        {
            return false;
        }

        string last = text[(slash + 1)..];
        if (last == Latest)
        {
            reference = new GenerationReference(text[..slash], null);
            return true;
        }

        bool isNumber = long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number > 0;
        reference = new GenerationReference(text[..slash], number);
        return isNumber;
    }

    /// <summary>The generation meant, looked up where it is the latest.</summary>
    /// <exception cref="SchedulerException">The job has no generation.</exception>
    public GenerationName Resolve(IJobStore store)
    {
        if (Number is long number)
        {
            return new GenerationName(Job, number);
        }

        IReadOnlyList<GenerationRecord> generations = store.Generations(store.Job(Job).Name);
        return generations.Count > 0
            ? generations[^1].Name
            : throw new SchedulerException(
                SchedulerFailure.NothingToRestore,
                $"job {Job} has no generation",
                $"take one while it runs: `checkpointer dump {Job}`");
    }

    /// <inheritdoc/>
    public override string ToString() => Number is long number ? new GenerationName(Job, number).ToString() : $"{Job}/{Latest}";
}
