using System.Globalization;

namespace Checkpointer.Store;

/// <summary>A generation by name, <c>JOB/NUMBER</c>. Numbers start at 1 and are never reused within a job.</summary>
public readonly record struct GenerationName(string Job, long Number)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Job}/{Number}");
}

/// <summary>A job as the index knows it. The store does not interpret the process facts.</summary>
/// <param name="Name">Unique name: letters, digits, <c>. _ -</c>, 1 to 64 characters, starts with a letter or digit.</param>
/// <param name="Pid">Root PID when last seen running.</param>
/// <param name="StartTicks">Its start time in clock ticks since boot.</param>
/// <param name="BootId">Boot in which PID and start time hold.</param>
/// <param name="Command">Command line, for people.</param>
/// <param name="RegisteredAt">When it was registered.</param>
/// <param name="IsRegistered">False after <c>unregister</c>: its generations stay until forgotten.</param>
/// <param name="Cgroup">Path of the cgroup directory whose processes are the job, absolute in the file system; null for a process and its descendants.</param>
/// <param name="Policy">What is to be done with the job, JSON that the store does not interpret; empty for the defaults.</param>
/// <param name="IsPaused">Whether its dumps and recoveries are suspended.</param>
/// <param name="Outcome">How it ended for good, a word that the store does not interpret; empty while it is to run.</param>
/// <param name="Owner">User ID of its root when it was registered; null where that is not known.</param>
public sealed record JobRecord(
    string Name, int Pid, ulong StartTicks, string BootId, string Command, DateTimeOffset RegisteredAt, bool IsRegistered,
    string? Cgroup = null, string Policy = "", bool IsPaused = false, string Outcome = "", long? Owner = null);

/// <summary>Something that happened to a job.</summary>
/// <param name="Job">Its name.</param>
/// <param name="At">When.</param>
/// <param name="Kind">What, in a word.</param>
/// <param name="Detail">A sentence for people; may be empty.</param>
public sealed record JobEvent(string Job, DateTimeOffset At, string Kind, string Detail)
{
    /// <summary>Number of the generation that it is about; null for none.</summary>
    public long? Generation { get; init; }

    /// <summary>The root process that it is about; null for none.</summary>
    public int? Pid { get; init; }

    /// <summary>Exit code with which the job ended; null where it did not, or it is not known.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Signal that ended the job; null where none did, or it is not known.</summary>
    public int? Signal { get; init; }
}

/// <summary>What the dump says of itself; stored with the generation and shown to people and programs.</summary>
/// <param name="Kind"><c>full</c> or <c>incremental</c>.</param>
/// <param name="Tracker">Tracker that found the changed pages.</param>
/// <param name="Capture">How pages were taken.</param>
/// <param name="FreezeMicroseconds">Freeze time.</param>
/// <param name="Processes">Processes in it.</param>
/// <param name="Threads">Threads in it.</param>
/// <param name="PopulatedBytes">Memory of the job, bytes.</param>
/// <param name="DirtyBytes">Memory handed to the store, bytes.</param>
public sealed record GenerationSummary(
    string Kind, string Tracker, string Capture, long FreezeMicroseconds,
    int Processes, int Threads, long PopulatedBytes, long DirtyBytes);

/// <summary>A committed generation.</summary>
/// <param name="Name">Its name.</param>
/// <param name="CreatedAt">When it was begun (before the freeze).</param>
/// <param name="Duration">From begin to commit.</param>
/// <param name="NewBytes">Bytes by which packs and manifests grew, metadata included.</param>
/// <param name="Summary">What the dump says.</param>
/// <param name="IsPinned">Whether no policy may remove it.</param>
/// <param name="Note">Why it was pinned, for people; empty for no note.</param>
/// <param name="IsDamaged">Whether the last verify that looked at it found it spoiled.</param>
public sealed record GenerationRecord(
    GenerationName Name, DateTimeOffset CreatedAt, TimeSpan Duration, long NewBytes, GenerationSummary Summary,
    bool IsPinned = false, string Note = "", bool IsDamaged = false);

/// <summary>Damage found by verify.</summary>
/// <param name="Where">Pack file name and offset, or chunk id.</param>
/// <param name="What">What is wrong, a sentence.</param>
/// <param name="Generations">Every generation that it spoils.</param>
public sealed record Damage(string Where, string What, IReadOnlyList<GenerationName> Generations);

/// <summary>Result of a verify.</summary>
/// <param name="Packs">Packs read.</param>
/// <param name="Chunks">Chunks re-hashed.</param>
/// <param name="Bytes">Bytes read from disk.</param>
/// <param name="Generations">Generations whose manifests were walked.</param>
/// <param name="Damages">What is bad; empty is good.</param>
public sealed record VerifyReport(
    int Packs, long Chunks, long Bytes, IReadOnlyList<GenerationName> Generations, IReadOnlyList<Damage> Damages);

/// <summary>Sizes of the store.</summary>
/// <param name="Jobs">Jobs with or without registration.</param>
/// <param name="Generations">Committed generations.</param>
/// <param name="Packs">Pack files.</param>
/// <param name="Chunks">Distinct chunks.</param>
/// <param name="LogicalBytes">Populated memory summed over generations.</param>
/// <param name="PlainBytes">Distinct chunk bytes before compression.</param>
/// <param name="StoredBytes">Bytes of pack files on disk.</param>
/// <param name="IndexBytes">Bytes of the index database.</param>
/// <param name="PerJob">The same per job.</param>
/// <param name="FreeBytes">Bytes free on the file system of the store.</param>
/// <param name="GrowthBytesPerDay">As of the jobs, together; null where of no job it is known.</param>
public sealed record StoreStatistics(
    int Jobs, int Generations, int Packs, long Chunks, long LogicalBytes, long PlainBytes, long StoredBytes,
    long IndexBytes, IReadOnlyList<JobStatistics> PerJob, long FreeBytes = 0, long? GrowthBytesPerDay = null);

/// <summary>Sizes of one job in the store.</summary>
/// <param name="Job">Name.</param>
/// <param name="Generations">Committed generations.</param>
/// <param name="LogicalBytes">Populated memory summed over generations.</param>
/// <param name="NewBytes">Bytes that its generations added.</param>
/// <param name="GrowthBytesPerDay">Bytes that its generations of the last seven days added per day, those that are forgotten and its first one not counted; null where it
/// has fewer than two of that time, or they began less than an hour ago.</param>
public sealed record JobStatistics(string Job, int Generations, long LogicalBytes, long NewBytes, long? GrowthBytesPerDay = null);
