using Checkpointer.Engine;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Composition;

/// <summary>Every option after all sources were read and validated.</summary>
/// <param name="Engine">Section <c>Engine</c>.</param>
/// <param name="Store">Section <c>Store</c>.</param>
internal sealed record Settings(EngineOptions Engine, StoreOptions Store);
