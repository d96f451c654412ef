using System.Text.Json.Serialization;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Who brings a job back that should run and does not.</summary>
internal enum RecoveryChoice
{
    /// <summary>The service, by itself.</summary>
    Auto,

    /// <summary>A person, with <c>recover</c>.</summary>
    Manual,

    /// <summary>Nobody: it has failed for good.</summary>
    Never,
}

/// <summary>How a job comes back.</summary>
internal sealed record RecoveryRules
{
    /// <summary>After a boot of the host; never <see cref="RecoveryChoice.Never"/>. Null for <c>manual</c>.</summary>
    [JsonConverter(typeof(WordConverter<RecoveryChoice>))]
    public RecoveryChoice? OnBoot { get; init; }

    /// <summary>After its end by a signal, with another exit code than 0, or without a trace. Null for <c>manual</c>.</summary>
    [JsonConverter(typeof(WordConverter<RecoveryChoice>))]
    public RecoveryChoice? OnCrash { get; init; }

    /// <summary>How often one generation is tried before the next older one is; from 1 to 100. Null for 3.</summary>
    public int? Attempts { get; init; }

    /// <summary>Wait before the second attempt; twice as long before each further one. Null for 10 s.</summary>
    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? BackOff { get; init; }

    /// <summary>A job that runs on for this long after it came back has come back: attempts are counted from the start again. Null for 5 minutes.</summary>
    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? Grace { get; init; }

    /// <summary>These, and what they do not say from others.</summary>
    public RecoveryRules Over(RecoveryRules? below) => below is null ? this : new RecoveryRules
    {
        OnBoot = OnBoot ?? below.OnBoot,
        OnCrash = OnCrash ?? below.OnCrash,
        Attempts = Attempts ?? below.Attempts,
        BackOff = BackOff ?? below.BackOff,
        Grace = Grace ?? below.Grace,
    };

    /// <summary>With the defaults for what is not said.</summary>
    public RecoveryPolicy ToPolicy()
    {
        RecoveryPolicy usual = RecoveryPolicy.Default;
        return new RecoveryPolicy(
            OnBoot ?? usual.OnBoot, OnCrash ?? usual.OnCrash, Attempts ?? usual.Attempts, BackOff ?? usual.BackOff, Grace ?? usual.Grace);
    }
}

/// <summary>How a job comes back, everything said.</summary>
/// <param name="OnBoot">After a boot of the host.</param>
/// <param name="OnCrash">After its end otherwise than with exit code 0.</param>
/// <param name="Attempts">How often one generation is tried before the next older one is.</param>
/// <param name="BackOff">Wait before the second attempt; twice as long before each further one.</param>
/// <param name="Grace">After running for this long it has come back.</param>
internal sealed record RecoveryPolicy(RecoveryChoice OnBoot, RecoveryChoice OnCrash, int Attempts, TimeSpan BackOff, TimeSpan Grace)
{
    /// <summary>Nothing said: nothing comes back by itself, because the service cannot know who else starts it again (a batch system, an administrator).</summary>
    public static RecoveryPolicy Default { get; } =
        new(RecoveryChoice.Manual, RecoveryChoice.Manual, Attempts: 3, BackOff: TimeSpan.FromSeconds(10), Grace: TimeSpan.FromMinutes(5));
}
