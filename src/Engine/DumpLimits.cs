namespace Checkpointer.Engine;

/// <summary>What the dumps of one job may use beside the job, in place of what <see cref="EngineOptions"/> say. Never holds inside the freeze, which ends the sooner the better.</summary>
/// <param name="Nice">Nice level of the threads that read, 0 to 19; null: <see cref="EngineOptions.Nice"/>.</param>
/// <param name="BytesPerSecond">Most bytes per second that are handed to the sink, above 0; null: <see cref="EngineOptions.BytesPerSecond"/>.</param>
public sealed record DumpLimits(int? Nice = null, long? BytesPerSecond = null)
{
    /// <summary>As the options say.</summary>
    public static DumpLimits Default { get; } = new();
}
