using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Attaches System V segments to a process. What is left of an attachment may be parts with other mappings between, so a segment is attached as a whole where
/// there is room, its parts are moved to their places, and the rest is unmapped.
/// </summary>
internal sealed class SegmentAttacher(RestoredProcess process, SystemVBuilder systemV)
{
    private const ulong PageBytes = 4096;

    private const ulong HugePageBytesMax = 1ul << 30;
    private readonly AddressSpace _space = process.Images.Space;

    /// <summary>Attaches all. Precondition: all other mappings exist.</summary>
    public void Attach()
    {
        var batch = new SyscallBatch();
        // Parts of one attachment are detached together, so they must come from one.
        foreach (var attachment in _space.Mappings.Where(mapping => mapping.Kind == Mapping.Types.Kind.SystemV)
            .GroupBy(mapping => (mapping.SharedMemory, unchecked(mapping.Start - mapping.Offset), mapping.FileWritable)))
        {
            Attach(batch, systemV.SegmentOf(attachment.Key.SharedMemory), [.. attachment]);
        }

        process.Run(batch);
    }

    private void Attach(SyscallBatch batch, SystemVSegment segment, List<Mapping> parts)
    {
        var what = $"of System V segment {segment.Object.Id} in process {process.Id}";
        var bytes = (segment.Bytes + HugePageBytesMax - 1) / HugePageBytesMax * HugePageBytesMax;
        var room = AddressRoom.Find(process, bytes);
        var isWritable = parts[0].FileWritable;
        batch.Add($"shmat {what}", Sys.Shmat, [(ulong)segment.Object.Id, room, isWritable ? 0 : (ulong)SystemVIpc.SHM_RDONLY], room);
        foreach (var part in parts)
        {
            var length = part.End - part.Start;
            // One that was enlarged reaches past the segment.
            var attached = (segment.Bytes + PageBytes - 1) / PageBytes * PageBytes;
            var old = part.Offset + length > attached && part.HugePageBytes == 0 ? attached - part.Offset : length;
            batch.Add($"mremap {what}", Sys.Mremap, [room + part.Offset, old, length, Memory.MREMAP_MAYMOVE | Memory.MREMAP_FIXED, part.Start], part.Start);
            if (part.Protection != (Memory.PROT_READ | (isWritable ? Memory.PROT_WRITE : 0u)))
            {
                batch.Add($"mprotect {what}", Sys.Mprotect, [part.Start, length, part.Protection]);
            }
        }

        batch.Add($"munmap {what}", Sys.Munmap, [room, bytes]);
    }
}
