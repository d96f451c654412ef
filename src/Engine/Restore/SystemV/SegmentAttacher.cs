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

    // The largest of huge pages; attachments of segments in huge pages must be so aligned.
    private const ulong RoomAlignment = 1ul << 30;
    private const ulong RoomEnd = 0x7f00_0000_0000;
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
        var bytes = (segment.Bytes + RoomAlignment - 1) / RoomAlignment * RoomAlignment;
        var room = FindRoom(bytes);
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

    /// <summary>Addresses that nothing of the process uses.</summary>
    private ulong FindRoom(ulong bytes)
    {
        var gate = process.Gate.Base.Address;
        var taken = _space.Mappings.Select(mapping => (mapping.Start, mapping.End))
            .Append((_space.StartBrk, _space.Brk + PageBytes)).Append((gate, gate + TreeBuilder.HoleBytes)).OrderBy(range => range.Item1);
        var room = RoomAlignment;
        foreach (var (start, end) in taken)
        {
            if (start >= room + bytes)
            {
                break;
            }

            room = Math.Max(room, (end + RoomAlignment - 1) / RoomAlignment * RoomAlignment);
        }

        return room + bytes <= RoomEnd
            ? room
            : throw new EngineException(EngineFailure.Failed, $"The address space of process {process.Id} leaves no room to attach a System V segment of {bytes} bytes.");
    }
}
