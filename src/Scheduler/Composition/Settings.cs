using Checkpointer.Engine;
using Checkpointer.Scheduler.Daemon;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Status;
using Checkpointer.Scheduler.Upkeep;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Composition;

/// <summary>Every option after all sources were read and validated.</summary>
/// <param name="Engine">Section <c>Engine</c>.</param>
/// <param name="Store">Section <c>Store</c>.</param>
/// <param name="Policies">Section <c>Policies</c>.</param>
/// <param name="Daemon">Section <c>Daemon</c>.</param>
/// <param name="Upkeep">Section <c>Upkeep</c>.</param>
/// <param name="Status">Section <c>Status</c>.</param>
internal sealed record Settings(
    EngineOptions Engine, StoreOptions Store, PolicySettings Policies, DaemonOptions Daemon, UpkeepOptions Upkeep, StatusSettings Status);
