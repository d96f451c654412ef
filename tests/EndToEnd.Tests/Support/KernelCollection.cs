using Xunit;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>All tests that start, trace or restore processes: one after the other, because PIDs and CPU time are shared.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class KernelCollection : ICollectionFixture<ProgramFixture>
{
    public const string Name = "kernel";
}
