using System.Text.Json;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Upkeep;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Cli.Rendering;

/// <summary>Any failure.</summary>
internal sealed record ErrorLine(string Error, string? Hint, int ExitCode, IReadOnlyList<FindingLine> Findings);

/// <summary>One line of <c>doctor</c>.</summary>
internal sealed record CapabilityLine(string Name, string State, string Detail, string? Remedy)
{
    /// <summary>From the engine's or the store's probe.</summary>
    public static CapabilityLine From(HostCapability capability)
        => new(capability.Name, Word(capability.State), capability.Detail, capability.Remedy);

    private static string Word(CapabilityState state) => state switch
    {
        CapabilityState.Works => "works",
        CapabilityState.Degraded => "degraded",
        _ => "missing",
    };
}

/// <summary>One thing that preflight found.</summary>
internal sealed record FindingLine(int Pid, string Resource, string Severity, string Sentence)
{
    /// <summary>From preflight's finding.</summary>
    public static FindingLine From(Finding finding)
        => new(finding.Pid, finding.Resource, Word(finding.Severity), finding.Sentence);

    private static string Word(FindingSeverity severity) => severity == FindingSeverity.Refusal ? "refusal" : "note";
}

/// <summary>Result of <c>check</c>.</summary>
internal sealed record CheckLine(
    int Pid, string Command, int Processes, int Threads, long PopulatedBytes, bool CanDump, IReadOnlyList<FindingLine> Findings)
{
    /// <summary>From preflight's report.</summary>
    public static CheckLine From(PreflightReport report)
        => new(
            report.Pid,
            report.Command,
            report.Processes,
            report.Threads,
            report.PopulatedBytes,
            report.CanDump,
            [.. report.Findings.Select(FindingLine.From)]);
}

/// <summary>Result of <c>register</c>.</summary>
internal sealed record RegisterLine(string Job, int Pid, string Command, string Store, bool CanDump, IReadOnlyList<FindingLine> Findings);

/// <summary>One job of <c>status</c>.</summary>
internal sealed record StatusLine(
    string Job,
    string State,
    bool Paused,
    int Pid,
    long? Owner,
    string? Policy,
    string? Schedule,
    DateTimeOffset? NextDump,
    DateTimeOffset? RetryAt,
    int Generations,
    string? Latest,
    DateTimeOffset? LatestAt,
    long? NewestGoodAgeS,
    int? ExitCode,
    int? Signal,
    string? Rehearsal,
    string? RehearsedGeneration,
    DateTimeOffset? RehearsedAt,
    DateTimeOffset? NextRehearsal,
    string Command);

/// <summary>One event of <c>events</c>.</summary>
internal sealed record EventLine(string Job, DateTimeOffset At, string Kind, long? Generation, int? Pid, int? ExitCode, int? Signal, string Detail)
{
    /// <summary>From the store's record.</summary>
    public static EventLine From(JobEvent happened)
        => new(happened.Job, happened.At, happened.Kind, happened.Generation, happened.Pid, happened.ExitCode, happened.Signal, happened.Detail);
}

/// <summary>The service itself, as <c>daemon</c> says when it serves, and <c>/v1/status</c>.</summary>
internal sealed record DaemonLine(
    string Store, string Socket, int Pid, DateTimeOffset StartedAt, int Jobs, int DumpsUnderWay, int RestoresUnderWay, IReadOnlyList<UpkeepLine> Upkeep);

/// <summary>What the service does for its store by itself.</summary>
internal sealed record UpkeepLine(
    string Work, string Schedule, bool UnderWay, DateTimeOffset? LastAt, string? LastOutcome, string? Detail, DateTimeOffset? LastOkAt, DateTimeOffset? NextAt)
{
    /// <summary>From how it stands.</summary>
    public static UpkeepLine From(UpkeepState state)
        => new(state.Work, state.Schedule, state.IsUnderWay, state.Last?.At, state.Last?.Outcome, state.Last?.Detail, state.Last?.LastOk, state.Next);
}

/// <summary>Result of <c>run</c>.</summary>
internal sealed record RunLine(string Job, string State, string? Generation, int? ExitCode, int? Signal);

/// <summary>Result of <c>pause</c> and <c>resume</c>.</summary>
internal sealed record PauseLine(string Job, bool Paused);

/// <summary>Result of <c>unregister</c>.</summary>
internal sealed record UnregisterLine(string Job, int Generations);

/// <summary>One job of <c>jobs</c>.</summary>
internal sealed record JobLine(
    string Job,
    string State,
    bool Registered,
    int Pid,
    string? Cgroup,
    int Generations,
    string? Latest,
    DateTimeOffset? LatestAt,
    string Command,
    DateTimeOffset RegisteredAt,
    string? Policy,
    string? Schedule);

/// <summary>One policy of <c>policy list</c>, or what is wrong with a file.</summary>
internal sealed record PolicyLine(string Policy, string Path, string? Schedule, string? Keeps, string? OnBoot, string? OnCrash, string? Problem);

/// <summary>Result of <c>policy show</c>.</summary>
internal sealed record PolicyShowLine(string Name, string Kind, string? From, string Schedule, string Keeps, JsonElement Policy);

/// <summary>Result of <c>policy test</c>.</summary>
internal sealed record PolicyTestLine(
    string Policy, string Schedule, string TimeZone, IReadOnlyList<DateTimeOffset> Next, IReadOnlyList<ForecastLine> Points);

/// <summary>What there is some time after a job came under a policy.</summary>
internal sealed record ForecastLine(string After, int Taken, int Kept, DateTimeOffset? Oldest, long Bytes);

/// <summary>Result of <c>dump</c>.</summary>
internal sealed record DumpLine(
    string Generation,
    string Kind,
    string Tracker,
    string Capture,
    long FreezeUs,
    long DurationMs,
    long PopulatedBytes,
    long DirtyBytes,
    long NewBytes,
    IReadOnlyList<FindingLine> Notes);

/// <summary>One generation of <c>generations</c>.</summary>
internal sealed record GenerationLine(
    string Generation,
    DateTimeOffset CreatedAt,
    string Kind,
    string Tracker,
    string Capture,
    long FreezeUs,
    long DurationMs,
    int Processes,
    int Threads,
    long PopulatedBytes,
    long DirtyBytes,
    long NewBytes,
    bool Pinned,
    string Note,
    bool Damaged)
{
    /// <summary>From the store's record.</summary>
    public static GenerationLine From(GenerationRecord record)
        => new(
            record.Name.ToString(),
            record.CreatedAt,
            record.Summary.Kind,
            record.Summary.Tracker,
            record.Summary.Capture,
            record.Summary.FreezeMicroseconds,
            (long)record.Duration.TotalMilliseconds,
            record.Summary.Processes,
            record.Summary.Threads,
            record.Summary.PopulatedBytes,
            record.Summary.DirtyBytes,
            record.NewBytes,
            record.IsPinned,
            record.Note,
            record.IsDamaged);
}

/// <summary>One image of a generation.</summary>
internal sealed record ImageLine(string Name, int Bytes);

/// <summary>Result of <c>show</c>.</summary>
internal sealed record ShowLine(
    GenerationLine Record,
    IReadOnlyList<int> Pids,
    IReadOnlyList<ImageLine> Images,
    IReadOnlyList<string> Contents,
    IReadOnlyList<ProcessLine>? Tree,
    IReadOnlyList<MappingLine>? Memory,
    IReadOnlyList<DescriptorLine>? Descriptors,
    IReadOnlyList<CarriedFileLine>? Files);

/// <summary>A file that a restore put back or found different.</summary>
internal sealed record FileLine(string Path, string What, bool RolledBack, string Action, long Bytes);

/// <summary>One job of <c>recover</c>, or the one of <c>restore</c>.</summary>
internal sealed record RecoverLine(
    string Job,
    string Status,
    string? Generation,
    int? Pid,
    bool Verified,
    int Processes,
    int Threads,
    long RestoredBytes,
    int FilesRolledBack,
    long DurationMs,
    IReadOnlyList<FileLine> Files,
    IReadOnlyList<string> Warnings,
    IReadOnlyList<string> Namespaces,
    string? Error,
    string? Hint,
    int ExitCode);

/// <summary>One job of <c>rehearse</c>.</summary>
internal sealed record RehearseLine(
    string Job,
    string Rehearsal,
    string? Generation,
    int Processes,
    int Threads,
    int Descriptors,
    long ComparedBytes,
    long DurationMs,
    IReadOnlyList<string> Differences,
    IReadOnlyList<string> Obstacles,
    IReadOnlyList<string> NotCompared,
    IReadOnlyList<string> Warnings,
    string? Error,
    string? Hint,
    int ExitCode);

/// <summary>Something that verify found bad.</summary>
internal sealed record DamageLine(string Where, string What, IReadOnlyList<string> Generations);

/// <summary>Result of <c>verify</c>.</summary>
internal sealed record VerifyLine(
    bool Good,
    int Packs,
    long Chunks,
    long Bytes,
    long DurationMs,
    IReadOnlyList<string> Generations,
    IReadOnlyList<DamageLine> Damages,
    IReadOnlyList<string> SpoiledGenerations,
    int UnprovedPacks,
    DateTimeOffset? OldestProof,
    bool ChecksumsOnly);

/// <summary>Sizes of one job in <c>stats</c>.</summary>
internal sealed record JobStatsLine(string Job, int Generations, long LogicalBytes, long NewBytes, double? Ratio, long? GrowthBytesPerDay);

/// <summary>Result of <c>stats</c>.</summary>
internal sealed record StatsLine(
    string Store,
    int Jobs,
    int Generations,
    int Packs,
    long Chunks,
    long LogicalBytes,
    long PlainBytes,
    long StoredBytes,
    long IndexBytes,
    double? DedupRatio,
    double? CompressionRatio,
    double? Ratio,
    long? GrowthBytesPerDay,
    long FreeBytes,
    double? DaysLeft,
    IReadOnlyList<JobStatsLine> PerJob);

/// <summary>One generation of <c>forget</c>.</summary>
internal sealed record ForgetLine(
    string Generation, DateTimeOffset CreatedAt, long NewBytes, bool Kept, IReadOnlyList<string> Reasons, bool Removed);

/// <summary>Result of <c>pin</c> and <c>unpin</c>.</summary>
internal sealed record PinLine(string Generation, bool Pinned, string Note);

/// <summary>Result of <c>gc</c>.</summary>
internal sealed record GcLine(
    bool DryRun,
    int Generations,
    int Packs,
    long LiveBytes,
    long DeadBytes,
    int DroppedPacks,
    int RepackedPacks,
    int PostponedPacks,
    long CopiedBytes,
    long FreedBytes,
    IReadOnlyList<string> DamagedPacks,
    long DurationMs);
