using System.Text.Json;
using Checkpointer.Engine;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Policies;

/// <summary>What is done with a job, remembered with it in the store as JSON. What is not said is null and means the default.</summary>
internal sealed record JobPolicy
{
    /// <summary>Nothing said.</summary>
    public static JobPolicy Default { get; } = new();

    /// <summary>Which files generations carry; null for contents.</summary>
    public FileRules? Files { get; init; }

    /// <summary>Whether the terminal that it was started in is replaced by that of whoever recovers it; null for no.</summary>
    public bool? ShellJob { get; init; }

    /// <summary>What becomes of TCP connections that lead out of it; null for a refusal.</summary>
    public TcpChoice? Tcp { get; init; }

    /// <summary>The policy that is remembered with a job.</summary>
    /// <exception cref="SchedulerException">It was written by a newer version, or damaged.</exception>
    public static JobPolicy Of(JobRecord job)
    {
        if (job.Policy.Length == 0)
        {
            return Default;
        }

        try
        {
            return JsonSerializer.Deserialize(job.Policy, PolicyJson.Default.JobPolicy) ?? Default;
        }
        catch (JsonException malformed)
        {
            throw new SchedulerException(
                SchedulerFailure.Failed, $"the policy of job {job.Name} cannot be read: {malformed.Message}", "register the job again", malformed);
        }
    }

    /// <summary>As it is remembered; empty where nothing is said.</summary>
    public string ToText() => this == Default ? "" : JsonSerializer.Serialize(this, PolicyJson.Default.JobPolicy);

    /// <summary>What is done about state that cannot be carried as it is.</summary>
    public DumpChoices ToChoices() => new(ShellJob ?? false, Tcp ?? TcpChoice.Refuse);

    /// <summary>As the engine wants it.</summary>
    public FilePolicy ToFilePolicy()
    {
        FilePolicy usual = FilePolicy.Default;
        return Files is null ? usual : new FilePolicy
        {
            Files = Files.Carry ?? usual.Files,
            Paths = Files.Paths ?? usual.Paths,
            FileBytesMax = Files.FileBytesMax ?? usual.FileBytesMax,
            TotalBytesMax = Files.TotalBytesMax ?? usual.TotalBytesMax,
            FreezeBytesMax = Files.FreezeBytesMax ?? usual.FreezeBytesMax,
            RefusesOverBudget = Files.RefusesOverBudget ?? usual.RefusesOverBudget,
        };
    }
}

/// <summary>Rules for files of a job, each as of <see cref="FilePolicy"/>; null for its default.</summary>
internal sealed record FileRules
{
    /// <summary>What is carried.</summary>
    public FileChoice? Carry { get; init; }

    /// <summary>More files.</summary>
    public IReadOnlyList<string>? Paths { get; init; }

    /// <summary>Most bytes of one file.</summary>
    public long? FileBytesMax { get; init; }

    /// <summary>Most bytes of all files.</summary>
    public long? TotalBytesMax { get; init; }

    /// <summary>Most bytes that are copied while the job is frozen.</summary>
    public long? FreezeBytesMax { get; init; }

    /// <summary>Whether a dump is refused where a file is over.</summary>
    public bool? RefusesOverBudget { get; init; }
}
