using System.Buffers.Binary;
using System.Security.Cryptography;
using Checkpointer.Engine.Images;
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
    public static Inventory Collect(FrozenJob job, IEnumerable<SharedObject> sharedObjects)
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
            VdsoSha256 = ByteString.CopyFrom(VdsoHash(root)),
        };
        inventory.Processes.AddRange(job.Processes.Select(process => process.Id.Value));
        inventory.CpuFlags.AddRange(ProcFs.CpuFlags());
        inventory.SharedMemory.AddRange(sharedObjects.Select(shared => new SharedMemory
        {
            Id = shared.Id,
            Bytes = shared.Bytes,
            Path = ByteString.CopyFromUtf8(shared.Path ?? string.Empty),
        }));
        return inventory;
    }

    /// <summary>SHA-256 of a process's vDSO code; empty where it has none mapped.</summary>
    public static byte[] VdsoHash(FrozenProcess process)
    {
        if (process.Vmas.FirstOrDefault(vma => vma.IsVdso) is not { } vdso)
        {
            return [];
        }

        var code = new byte[vdso.Bytes];
        process.Memory.Read(new RemotePtr(vdso.Start), code);
        return SHA256.HashData(code);
    }
}
