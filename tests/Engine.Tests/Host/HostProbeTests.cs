using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Checkpointer.Engine.Tests.Host;

/// <summary>What the host can do is found by doing it, and nothing stays behind.</summary>
[Trait("kind", "kernel")]
public sealed class HostProbeTests
{
    private static readonly ProcessId _self = new(Environment.ProcessId);

    [RootFact]
    public void Probe_AsRoot_FindsThatAllWorks()
    {
        var capabilities = Probe();

        // Root of a container may lack CAP_SYS_RESOURCE, and a kernel before 6.7 PAGEMAP_SCAN.
        string[] mayBeDegraded = ["hard limits", .. Environment.OSVersion.Version >= new Version(6, 7) ? [] : new[] { "page map" }];
        Assert.All(
            capabilities.Where(capability => !mayBeDegraded.Contains(capability.Name)),
            capability => Assert.True(capability.State == CapabilityState.Works, capability.ToString()));
        Assert.All(
            capabilities.Where(capability => mayBeDegraded.Contains(capability.Name)),
            capability => Assert.True(capability.State != CapabilityState.Missing, capability.ToString()));
    }

    [RootFact]
    public void Probe_TriesEachThingOnceInOrder()
    {
        Assert.Equal(
            [
                "architecture", "user", "hard limits", "page map", "page tracking", "exits", "packet filter", "map_files", "children", "ptrace", "rseq", "injected calls", "tid address",
                "memory map", "descriptors", "chosen PIDs",
            ],
            Probe().Select(capability => capability.Name));
    }

    [RootFact]
    public void Probe_TellsHowToMendOnlyWhatIsBroken()
    {
        Assert.All(Probe(), capability => Assert.Equal(capability.State == CapabilityState.Works, capability.Remedy is null));
    }

    [RootFact]
    public void Probe_OfHardLimits_IsWhatOurCapabilitiesSay()
    {
        const int SysResource = 24; // CAP_SYS_RESOURCE
        var hasIt = (ProcFs.Status(_self).CapEff & (1ul << SysResource)) != 0;

        Assert.Equal(hasIt ? CapabilityState.Works : CapabilityState.Degraded, Probe().Single(capability => capability.Name == "hard limits").State);
    }

    [RootFact]
    public void Probe_LeavesNoProcessBehind()
    {
        var before = Stubs();

        _ = Probe();

        Assert.Equal(before, Stubs());
    }

    private static IReadOnlyList<HostCapability> Probe() => new CheckpointEngine(new EngineOptions(), NullLoggerFactory.Instance).Probe();

    /// <summary>
    /// Children of ours that are or were the restore stub: it is started as /proc/self/fd/N, so its name is a number, in a zombie too.
    /// The tests of this class run one after the other.
    /// </summary>
    private static List<ProcessId> Stubs() =>
    [
        .. ProcFs.Threads(_self).SelectMany(thread => ProcFs.TryChildren(thread) ?? [])
            .Where(child => ProcFs.TryStat(child)?.Comm is { } name && name.All(char.IsAsciiDigit)),
    ];
}
