using System.Text.Json;
using System.Text.Json.Serialization;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Schedules;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Policies;

/// <summary>What is done with a job, remembered with it in the store as JSON. What is not said is null and means the default.</summary>
internal sealed record JobPolicy
{
    /// <summary>Nothing said.</summary>
    public static JobPolicy Default { get; } = new();

    /// <summary>Name of the policy file that it builds on: what that says holds where this says nothing (<see cref="PolicyFolder.Resolve(JobPolicy)"/>). Null for none.</summary>
    public string? From { get; init; }

    /// <summary>When dumps are due; null for by hand.</summary>
    public ScheduleRules? Schedule { get; init; }

    /// <summary>Whose calendar and clock schedule and retention go by; null for the host's.</summary>
    public string? TimeZone { get; init; }

    /// <summary>Which generations stay; null for all.</summary>
    public RetentionRules? Retention { get; init; }

    /// <summary>How it comes back; null for by hand.</summary>
    public RecoveryRules? Recovery { get; init; }

    /// <summary>Dumps that are due because something happens; null for none.</summary>
    public EventRules? Events { get; init; }

    /// <summary>Commands around a dump; null for none.</summary>
    public HookRules? Hooks { get; init; }

    /// <summary>Who is told of failures; null for nobody.</summary>
    public AlertRules? Alerts { get; init; }

    /// <summary>Which files generations carry; null for contents.</summary>
    public FileRules? Files { get; init; }

    /// <summary>What its dumps may use; null for what the configuration says.</summary>
    public LimitRules? Limits { get; init; }

    /// <summary>When it is tried whether it would come back; null for by hand.</summary>
    public RehearseRules? Rehearse { get; init; }

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

    /// <summary>As it is sent to the service, as in a policy file; null where nothing is said.</summary>
    public JsonElement? ToJson() => this == Default ? null : PolicyFileWriter.ToElement(this);

    /// <summary>What is done about state that cannot be carried as it is.</summary>
    public DumpChoices ToChoices() => new(ShellJob ?? false, Tcp ?? TcpChoice.Refuse);

    /// <summary>This, and what it does not say from another.</summary>
    public JobPolicy Over(JobPolicy below) => new()
    {
        From = From ?? below.From,
        Schedule = Schedule?.Over(below.Schedule) ?? below.Schedule,
        TimeZone = TimeZone ?? below.TimeZone,
        Retention = Retention?.Over(below.Retention) ?? below.Retention,
        Recovery = Recovery?.Over(below.Recovery) ?? below.Recovery,
        Events = Events?.Over(below.Events) ?? below.Events,
        Hooks = Hooks?.Over(below.Hooks) ?? below.Hooks,
        Alerts = Alerts?.Over(below.Alerts) ?? below.Alerts,
        Files = Files?.Over(below.Files) ?? below.Files,
        Limits = Limits?.Over(below.Limits) ?? below.Limits,
        Rehearse = Rehearse?.Over(below.Rehearse) ?? below.Rehearse,
        ShellJob = ShellJob ?? below.ShellJob,
        Tcp = Tcp ?? below.Tcp,
    };

    /// <summary>When dumps of a job are due; null for by hand.</summary>
    /// <param name="job">Name of the job.</param>
    /// <param name="host">Time zone of the host.</param>
    /// <exception cref="SchedulerException">The policy is not one that this host understands.</exception>
    public ISchedule? ToSchedule(string job, TimeZoneInfo host) => Made(Schedule, job, host);

    /// <summary>When it is tried whether a job would come back; null for by hand.</summary>
    /// <param name="job">Name of the job.</param>
    /// <param name="host">Time zone of the host.</param>
    /// <exception cref="SchedulerException">The policy is not one that this host understands.</exception>
    public ISchedule? ToRehearsalSchedule(string job, TimeZoneInfo host) => Made(Rehearse?.Schedule, job, host);

    private ISchedule? Made(ScheduleRules? rules, string job, TimeZoneInfo host)
    {
        try
        {
            return rules?.ToSchedule(job, Zone(host));
        }
        catch (FormatException malformed)
        {
            throw new SchedulerException(SchedulerFailure.BadConfiguration, $"the schedule of job {job} is none: {malformed.Message}", "correct the policy", malformed);
        }
    }

    /// <summary>Which generations stay; empty for all.</summary>
    public RetentionPolicy ToRetentionPolicy() => Retention?.ToPolicy() ?? RetentionPolicy.Nothing;

    /// <summary>How the job comes back.</summary>
    public RecoveryPolicy ToRecoveryPolicy() => Recovery?.ToPolicy() ?? RecoveryPolicy.Default;

    /// <summary>Which events dump it.</summary>
    public EventPolicy ToEventPolicy() => Events?.ToPolicy() ?? EventPolicy.Default;

    /// <summary>What its dumps may use beside it.</summary>
    public DumpLimits ToDumpLimits() => Limits?.ToDumpLimits() ?? DumpLimits.Default;

    /// <summary>What the store may use for its dumps.</summary>
    public WriterLimits ToWriterLimits() => Limits?.ToWriterLimits() ?? WriterLimits.Default;

    /// <summary>Whose calendar and clock.</summary>
    /// <param name="host">Time zone of the host.</param>
    /// <exception cref="SchedulerException">The host does not know the one that is named.</exception>
    public TimeZoneInfo Zone(TimeZoneInfo host)
        => TimeZone is null ? host
            : TimeZoneInfo.TryFindSystemTimeZoneById(TimeZone, out TimeZoneInfo? zone) ? zone
            : throw new SchedulerException(
                SchedulerFailure.BadConfiguration, $"this host does not know the time zone {TimeZone}", "install the package tzdata, or correct the policy");

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
    [JsonConverter(typeof(SizeConverter))]
    public long? FileBytesMax { get; init; }

    /// <summary>Most bytes of all files.</summary>
    [JsonConverter(typeof(SizeConverter))]
    public long? TotalBytesMax { get; init; }

    /// <summary>Most bytes that are copied while the job is frozen.</summary>
    [JsonConverter(typeof(SizeConverter))]
    public long? FreezeBytesMax { get; init; }

    /// <summary>Whether a dump is refused where a file is over.</summary>
    public bool? RefusesOverBudget { get; init; }

    /// <summary>These, and what they do not say from others.</summary>
    public FileRules Over(FileRules? below) => below is null ? this : new FileRules
    {
        Carry = Carry ?? below.Carry,
        Paths = Paths ?? below.Paths,
        FileBytesMax = FileBytesMax ?? below.FileBytesMax,
        TotalBytesMax = TotalBytesMax ?? below.TotalBytesMax,
        FreezeBytesMax = FreezeBytesMax ?? below.FreezeBytesMax,
        RefusesOverBudget = RefusesOverBudget ?? below.RefusesOverBudget,
    };
}
