using Checkpointer.Engine;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Recovery;

/// <summary>How the recovery of one job ended.</summary>
internal enum RecoveryStatus
{
    /// <summary>The job runs again.</summary>
    Restored,

    /// <summary>It runs, so nothing was done.</summary>
    Running,

    /// <summary>It does not run and has no generation.</summary>
    Nothing,

    /// <summary>It would be restored (<c>--dry-run</c>).</summary>
    Planned,

    /// <summary>It could not be restored.</summary>
    Failed,
}

/// <summary>What a restore of one generation did.</summary>
/// <param name="Generation">The generation.</param>
/// <param name="Report">What the engine did.</param>
/// <param name="Duration">Verification included.</param>
internal sealed record RestoredGeneration(GenerationName Generation, RestoreReport Report, TimeSpan Duration)
{
    /// <summary>Files that were put back.</summary>
    public int FilesRolledBack => Report.Files.Count(file => file.RolledBack);

    /// <summary>Files that are not as the job left them and were not put back.</summary>
    public IEnumerable<FileChange> FilesFoundDifferent => Report.Files.Where(file => !file.RolledBack);
}

/// <summary>What a restore of one generation would do.</summary>
/// <param name="Generation">The generation; it is good.</param>
/// <param name="Files">Files that would be put back, or differ.</param>
internal sealed record PlannedRestore(GenerationName Generation, IReadOnlyList<FileChange> Files);

/// <summary>The recovery of one job.</summary>
/// <param name="Job">Its name.</param>
/// <param name="Status">How it ended.</param>
/// <param name="Pid">Root PID where it runs, else null.</param>
/// <param name="Restored">The restore where there was one.</param>
/// <param name="Warnings">Sentences: generations passed over, files found different.</param>
/// <param name="Failure">Why it failed, else null.</param>
/// <param name="Planned">What would be done where nothing was; else null.</param>
internal sealed record RecoveryOutcome(
    string Job, RecoveryStatus Status, int? Pid, RestoredGeneration? Restored, IReadOnlyList<string> Warnings, Exception? Failure,
    PlannedRestore? Planned = null);
