using Checkpointer.Engine;
using Checkpointer.Scheduler.Upkeep;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Recovery;

/// <summary>How a rehearsal ended.</summary>
internal enum RehearsalStatus
{
    /// <summary>The job was made and compared: it would come back.</summary>
    Proven,

    /// <summary>Its generation is good and the world is as it needs it; it was not made.</summary>
    Checked,

    /// <summary>It would not come back.</summary>
    Failed,

    /// <summary>It has no good generation.</summary>
    Nothing,
}

/// <summary>The rehearsal of one job.</summary>
/// <param name="Job">Its name.</param>
/// <param name="Status">How it ended.</param>
/// <param name="Generation">The generation; null where there is none.</param>
/// <param name="Report">What was compared; null where it did not come that far.</param>
/// <param name="Duration">Verification included.</param>
/// <param name="Warnings">Sentences: generations passed over.</param>
/// <param name="Failure">Why it failed, or was not made now; else null.</param>
internal sealed record RehearsalOutcome(
    string Job, RehearsalStatus Status, GenerationName? Generation, RehearsalReport? Report, TimeSpan Duration, IReadOnlyList<string> Warnings, Exception? Failure)
{
    /// <summary>What came of it, as a word.</summary>
    public string Word => Status switch
    {
        RehearsalStatus.Proven => "proven",
        RehearsalStatus.Checked => "checked",
        RehearsalStatus.Failed => "failed",
        _ => "nothing",
    };

    /// <summary>As it is remembered.</summary>
    public RehearsalRecord ToRecord(DateTimeOffset now) => new(now, Word, Generation?.Number, Detail);

    /// <summary>What came of it, as a sentence.</summary>
    public string Detail => Status switch
    {
        RehearsalStatus.Proven => FormattableString.Invariant(
            $"{Report!.Processes} process(es), {Report.Threads} thread(s), {Report.Descriptors} descriptor(s) and {Report.ComparedBytes} bytes of memory were made and are as in {Generation}"),
        RehearsalStatus.Checked => $"{Generation} is good, and what it needs is there; it was not made, because {Failure?.Message ?? string.Join("; ", Report!.Obstacles)}",
        RehearsalStatus.Failed => $"{Generation}: {Failure?.Message ?? string.Join("; ", Report!.Differences)}",
        _ => "there is no good generation",
    };
}
