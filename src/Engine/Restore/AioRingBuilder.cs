using System.Runtime.InteropServices;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Makes contexts of io_setup(2) again, at their old addresses. Where a ring stands only the kernel can advance, by requests that end, so requests that write
/// a byte to /dev/null are made until it stands where it did. What is left unread of their events is then overwritten by those of the job.
/// </summary>
internal sealed class AioRingBuilder(RestoredProcess process)
{
    private const uint RequestsPerCall = 512;
    private const uint EventsPerPage = 4096 / AioRingLayout.EventBytes;
    private const ulong RequestAt = 64;
    private const ulong ListAt = 256;
    private const ulong EventsAt = ListAt + (RequestsPerCall * sizeof(ulong));

    /// <summary>Makes all. Precondition: all other mappings exist, and no descriptor is open; none is afterwards.</summary>
    public void Build()
    {
        if (process.Images.Space.AioRings.Count == 0)
        {
            return;
        }

        process.Memory.Write(process.Arguments, "/dev/null\0"u8);
        var descriptor = process.Call("open of /dev/null", Sys.Open, process.Arguments.Address, FileFlag.O_WRONLY, 0);
        WriteRequest((uint)descriptor);
        foreach (var ring in process.Images.Space.AioRings)
        {
            Make(ring);
            Advance(ring.Start, ring.Head, isRead: true);
            Advance(ring.Start, AioRingLayout.Unread(ring), isRead: false);
            RequireSame(ring);
            for (var index = 0u; index < AioRingLayout.Unread(ring); index++)
            {
                process.Memory.Write(AioRingLayout.EventAt(ring, index), ring.Events.Span.Slice((int)index * AioRingLayout.EventBytes, AioRingLayout.EventBytes));
            }
        }

        process.Call("close of /dev/null", Sys.Close, descriptor);
    }

    private void WriteRequest(uint descriptor)
    {
        var request = process.Arguments + RequestAt;
        process.Memory.Write(request, new iocb
        {
            aio_lio_opcode = AsyncIo.IOCB_CMD_PWRITE,
            aio_fildes = descriptor,
            aio_buf = process.Arguments.Address,
            aio_nbytes = 1,
        });
        // The same one as often as needed: each has ended before the next is looked at.
        var list = new ulong[RequestsPerCall];
        Array.Fill(list, request.Address);
        process.Memory.Write(process.Arguments + ListAt, MemoryMarshal.AsBytes(list.AsSpan()));
    }

    private void Make(AioRing ring)
    {
        var pages = (ring.Count / EventsPerPage) + 1;
        // The kernel takes twice the number, and two more, and fills whole pages: the least number that gives as many pages.
        var wanted = pages == 1 ? 1 : (EventsPerPage / 2 * (pages - 1)) - 1;
        process.Memory.Write(process.Arguments, 0ul);
        process.Call($"io_setup({wanted})", Sys.IoSetup, wanted, process.Arguments.Address);
        var made = process.Memory.Read<ulong>(process.Arguments);
        var bytes = (ulong)pages * EventsPerPage * AioRingLayout.EventBytes;
        if (process.Memory.Read<AsyncIo.aio_ring>(new RemotePtr(made)).nr != ring.Count)
        {
            throw new EngineException(
                EngineFailure.WorldChanged, $"The kernel makes asynchronous I/O contexts of another size than the {ring.Count} events of process {process.Id}.", "restore on a machine with as many processors");
        }

        if (made != ring.Start)
        {
            // By way of a free place: where the kernel put it may overlap with where it is to be.
            var room = AddressRoom.Find(process, bytes);
            Move(made, room, bytes);
            Move(room, ring.Start, bytes);
        }
    }

    private void Move(ulong from, ulong to, ulong bytes) =>
        process.Call("mremap of an asynchronous I/O ring", Sys.Mremap, from, bytes, bytes, Memory.MREMAP_MAYMOVE | Memory.MREMAP_FIXED, to);

    private void Advance(ulong context, uint count, bool isRead)
    {
        for (var done = 0u; done < count;)
        {
            var some = Math.Min(count - done, RequestsPerCall);
            // May take fewer: the ring has room for so many.
            var taken = (uint)process.Call("io_submit", Sys.IoSubmit, context, some, (process.Arguments + ListAt).Address);
            if (isRead)
            {
                process.Call("io_getevents", Sys.IoGetevents, context, taken, taken, (process.Arguments + EventsAt).Address, 0);
            }

            done += taken;
        }
    }

    private void RequireSame(AioRing ring)
    {
        var header = process.Memory.Read<AsyncIo.aio_ring>(new RemotePtr(ring.Start));
        if ((header.head, header.tail) != (ring.Head, ring.Tail))
        {
            throw new EngineException(EngineFailure.Failed, $"The asynchronous I/O ring at 0x{ring.Start:x} of process {process.Id} is at {header.head} to {header.tail} and not at {ring.Head} to {ring.Tail}.");
        }
    }
}
