using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>Contexts of io_setup(2): each is a ring of events, mapped into the process at the address that is its ID.</summary>
internal static class AioRings
{
    private const string Resource = "aio";

    /// <summary>True for a mapping of a ring.</summary>
    public static bool IsOf(Vma vma) => vma is { IsShared: true, IsDeleted: true, Path: "/[aio]" };

    /// <summary>Refuses, as far as /proc tells, what cannot be carried of the contexts of a job. Touches nothing.</summary>
    /// <param name="processes">Its processes with their mappings.</param>
    /// <param name="files">Its open files.</param>
    /// <param name="findings">Told what is refused.</param>
    public static void Inspect(IEnumerable<(ProcessId Process, IReadOnlyList<Vma> Vmas)> processes, Files files, FindingList findings)
    {
        var direct = files.OpenFiles.Where(file => (file.Flags & FileFlag.O_DIRECT) != 0 && file.Kind == OpenFile.Types.Kind.Regular).Select(file => file.Id).ToHashSet();
        var seen = new HashSet<ulong>();
        foreach (var (process, vmas) in processes)
        {
            foreach (var ring in vmas.Where(IsOf))
            {
                if (!seen.Add(ring.Inode))
                {
                    RefuseInherited(process, ring.Start, findings);
                }

                var table = files.Tables.FirstOrDefault(table => table.Pid == process.Value);
                if (table is not null && table.Descriptors.FirstOrDefault(descriptor => direct.Contains(descriptor.OpenFile)) is { } descriptor)
                {
                    findings.Refuse(
                        process, Resource,
                        $"Process {process} has an asynchronous I/O context (io_setup) and a file open for direct I/O (descriptor {descriptor.Number}): requests may be under way, which nothing shows; it cannot be carried.");
                }
            }
        }
    }

    /// <summary>Takes the rings of a frozen process. Precondition: the gate is open, and no injection is.</summary>
    public static void Collect(FrozenProcess process, AddressSpace space, FindingList findings)
    {
        foreach (var mapping in space.Mappings.Where(mapping => mapping.Kind == Mapping.Types.Kind.AioRing))
        {
            var header = process.Memory.Read<AsyncIo.aio_ring>(new RemotePtr(mapping.Start));
            using var injection = process.Inject(process.Leader);
            // Reads no event. Fails where the ring is another process's: children of fork have it mapped, without its context.
            if (injection.Call(Sys.IoGetevents, mapping.Start, 0, 0, 0, 0).IsError || header.magic != AsyncIo.aio_ring.Magic || header.nr == 0)
            {
                RefuseInherited(process.Id, mapping.Start, findings);
                continue;
            }

            space.AioRings.Add(ImageOf(process, mapping.Start, header));
        }
    }

    private static AioRing ImageOf(FrozenProcess process, ulong start, AsyncIo.aio_ring header)
    {
        var image = new AioRing { Start = start, Count = header.nr, Head = header.head % header.nr, Tail = header.tail % header.nr };
        var events = new byte[AioRingLayout.EventBytes * (int)AioRingLayout.Unread(image)];
        for (var index = 0u; index < AioRingLayout.Unread(image); index++)
        {
            process.Memory.Read(AioRingLayout.EventAt(image, index), events.AsSpan((int)index * AioRingLayout.EventBytes, AioRingLayout.EventBytes));
        }

        image.Events = ByteString.CopyFrom(events);
        return image;
    }

    private static void RefuseInherited(ProcessId process, ulong start, FindingList findings) => findings.Refuse(
        process, Resource, $"Process {process} has the ring of an asynchronous I/O context (io_setup) of another process mapped at 0x{start:x}; it cannot be carried.");
}
