using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracking;

/// <summary>
/// A userfaultfd(2) of a job in asynchronous write-protect mode (Linux 6.7): the kernel resolves the faults itself and only notes the write, nobody
/// needs to read events. The descriptor was made by the job, for its address space, and is held by us alone: when we go, the kernel drops all protection.
/// </summary>
internal sealed unsafe class Userfault : IDisposable
{
    // The last page below the limit of user addresses on x86-64 is never mapped: the kernel keeps it as a guard (arch/x86/include/asm/page_64_types.h).
    private const ulong NeverMapped = 0x7fff_ffff_e000;

    private readonly SafeFd _fd;

    /// <summary>Takes ownership of a fresh descriptor.</summary>
    /// <exception cref="LinuxException">EINVAL: this kernel has no asynchronous mode.</exception>
    public Userfault(SafeFd fd)
    {
        _fd = fd;
        var api = new uffdio_api
        {
            api = Userfaultfd.UFFD_API,
            features = Userfaultfd.UFFD_FEATURE_WP_ASYNC | Userfaultfd.UFFD_FEATURE_WP_UNPOPULATED,
        };
        if (Request(Userfaultfd.UFFDIO_API, &api) is var errno and not Errno.None)
        {
            fd.Dispose();
            throw new LinuxException("ioctl(UFFDIO_API)", errno);
        }
    }

    /// <summary>False once the address space is gone.</summary>
    public bool IsAlive
    {
        get
        {
            // The range is checked after the address space: EINVAL where that lives (nothing is mapped there), else ENOMEM or ESRCH.
            var range = new uffdio_range { start = NeverMapped, len = PageRange.PageBytes };
            return Request(Userfaultfd.UFFDIO_UNREGISTER, &range) is Errno.None or Errno.EINVAL;
        }
    }

    /// <summary>Registers a mapping for write protection; false where the kernel cannot (memory of a kind that it does not track).</summary>
    public bool TryRegister(PageRange mapping)
    {
        var register = new uffdio_register
        {
            range = new uffdio_range { start = mapping.Start, len = mapping.Bytes },
            mode = Userfaultfd.UFFDIO_REGISTER_MODE_WP,
        };
        return Request(Userfaultfd.UFFDIO_REGISTER, &register) == Errno.None;
    }

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();

    private Errno Request(int request, void* argument) =>
        Libc.ioctl(_fd.Number, unchecked((uint)request), (nint)argument) == 0 ? Errno.None : LastError.Get();
}
