using System.Runtime.InteropServices;

namespace Checkpointer.Engine.Interop;

/// <summary>A request of io_submit(2), linux/aio_abi.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct iocb
{
    internal ulong aio_data;
    internal uint aio_key;
    internal uint aio_rw_flags;
    internal ushort aio_lio_opcode;
    internal short aio_reqprio;
    internal uint aio_fildes;
    internal ulong aio_buf;
    internal ulong aio_nbytes;
    internal long aio_offset;
    internal ulong aio_reserved2;
    internal uint aio_flags;
    internal uint aio_resfd;
}

/// <summary>io_setup(2), io_submit(2).</summary>
internal static class AsyncIo
{
    internal const int IOCB_CMD_PWRITE = 1;

    /// <summary>Header of the ring of io_setup(2), fs/aio.c of the kernel; in no header, but older than any kernel that this runs on, and known to libaio.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct aio_ring
    {
        internal static uint Magic => 0xa10a10a1;

        internal uint id;
        internal uint nr;
        internal uint head;
        internal uint tail;
        internal uint magic;
        internal uint compat_features;
        internal uint incompat_features;
        internal uint header_length;
    }
}
