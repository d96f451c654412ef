using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Restore;
using Xunit;

namespace Checkpointer.Engine.Tests.Restore;

[Trait("kind", "unit")]
public sealed class CpuInstructionTests
{
    [Fact]
    public void Require_OfInstructionsThatAreMissing_NamesThem()
    {
        var inventory = new Inventory { CpuFlags = { "fpu", "avx2", "avx512f", "fma", "pti" } };

        var failure = Assert.Throws<EngineException>(() => WorldCheck.RequireInstructions(inventory, ["fpu", "avx2"]));

        Assert.Equal(EngineFailure.WorldChanged, failure.Reason);
        Assert.StartsWith("This CPU lacks avx512f, fma, ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_OfWhatProgramsDoNotUse_IsSatisfied()
    {
        WorldCheck.RequireInstructions(new Inventory { CpuFlags = { "avx2", "pti", "ibrs", "constant_tsc" } }, ["avx2", "avx512f"]);
    }

    [Fact]
    public void Require_OfThisCpu_IsSatisfied()
    {
        var inventory = new Inventory { CpuFlags = { ProcFs.CpuFlags() } };

        Assert.Contains("popcnt", inventory.CpuFlags);
        WorldCheck.RequireInstructions(inventory, ProcFs.CpuFlags());
    }
}
