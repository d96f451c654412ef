using Checkpointer.Engine.Proc;

namespace Checkpointer.Engine.Dump;

/// <summary>How much memory a dump may copy aside.</summary>
internal static class CopyBudget
{
    /// <summary>The configured limit, but never more than half of what the host has to give.</summary>
    public static long Of(EngineOptions options) => Math.Min(options.CopyBudgetBytes, (HostMemory.AvailableBytes() ?? long.MaxValue) / 2);
}
