using System.Buffers.Binary;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>Describes what a generation holds and the world that it was taken in.</summary>
internal static class InventoryCollector
{
    private const int EnabledFeaturesOffset = 464;

    /// <summary>The image.</summary>
    /// <param name="job">The job.</param>
    /// <param name="vdso">The code of its vDSO.</param>
    /// <param name="sharedObjects">Objects whose bytes belong to the generation.</param>
    public static Inventory Collect(FrozenJob job, byte[] vdso, IEnumerable<SharedObject> sharedObjects)
    {
        var root = job.Processes[0];
        var extendedState = root.Leader.Tracee.GetExtendedState();
        var inventory = new Inventory
        {
            Version = ImageVersion.Current,
            Architecture = ImageVersion.Architecture,
            KernelRelease = ProcFs.KernelRelease(),
            BootId = ProcFs.BootId(),
            FrozenAtUnixMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(),
            CpuStateFeatures = BinaryPrimitives.ReadUInt64LittleEndian(extendedState.AsSpan(EnabledFeaturesOffset)),
            CpuStateBytes = (uint)extendedState.Length,
            VdsoSha256 = ByteString.CopyFrom(VdsoCode.Of(vdso)),
        };
        inventory.Clocks = ReadClocks();
        inventory.Processes.AddRange(job.Processes.Select(process => process.Id.Value));
        inventory.CpuFlags.AddRange(ProcFs.CpuFlags());
        inventory.SharedMemory.AddRange(sharedObjects.Select(shared => shared.Image));
        return inventory;
    }

    /// <summary>Ours are the job's: who dumps it is in its time namespace.</summary>
    private static Clocks ReadClocks()
    {
        var offsets = ClockOffsets.Ours();
        return new Clocks
        {
            RealtimeNs = ClockTime.Now(Clock.CLOCK_REALTIME),
            MonotonicNs = ClockTime.Now(Clock.CLOCK_MONOTONIC),
            BoottimeNs = ClockTime.Now(Clock.CLOCK_BOOTTIME),
            MonotonicOffsetNs = offsets.Monotonic,
            BoottimeOffsetNs = offsets.Boottime,
        };
    }
}
