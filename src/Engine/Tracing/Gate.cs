using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// Pages mapped into a traced process for the time of a dump or restore: code to inject through, a signal frame that leads home,
/// and a data area for arguments and results.
/// </summary>
/// <param name="Base">First address.</param>
internal readonly record struct Gate(RemotePtr Base)
{
    private const ulong PageBytes = 4096;

    // A thread that is let go in the middle of an injection may have to run a signal handler of the job before it gets home. The handler's stack is
    // below the frame; 256 KiB hold handlers that are written with 8 MiB in mind. Pages that nobody touches cost nothing.
    private const ulong HandlerBytes = 256 * 1024;
    private const ulong FrameOffset = PageBytes + HandlerBytes;
    private const ulong DataOffset = FrameOffset + SignalFrame.BytesMax;

    // "gate" in ASCII, in the middle of what user space has: far from programs (0x55...), libraries and stacks (0x7f...), and heaps of runtimes.
    private const ulong FirstPlace = 0x6761_7465_0000;
    private const ulong PlaceStep = 1ul << 32;
    private const int PlaceCount = 16;

    /// <summary>Bytes for arguments and results.</summary>
    public const int DataBytes = 256 * 1024;

    /// <summary>Bytes of the whole area.</summary>
    public const ulong Bytes = DataOffset + DataBytes;

    /// <summary>Addresses at which the gate of a job may be mapped; nothing else is there in common programs, so that one that was left behind is
    /// known for sure.</summary>
    public static IEnumerable<ulong> Places => Enumerable.Range(0, PlaceCount).Select(number => FirstPlace + ((ulong)number * PlaceStep));

    /// <summary>True for an address in what may be a gate of a job.</summary>
    public static bool IsIn(RemotePtr pointer)
    {
        var offset = unchecked(pointer.Address - FirstPlace);
        return offset / PlaceStep < PlaceCount && offset % PlaceStep < Bytes;
    }

    /// <summary>Where one system call is made.</summary>
    public RemotePtr CallCode => Base + GateCode.CallOffset;

    /// <summary>Where a table of system calls is run.</summary>
    public RemotePtr BatchCode => Base + GateCode.BatchOffset;

    /// <summary>Where a batch ends in a breakpoint.</summary>
    public RemotePtr TrapCode => Base + GateCode.TrapOffset;

    /// <summary>Where a batch ends with a signal that the thread sends itself.</summary>
    public RemotePtr RaiseCode => Base + GateCode.RaiseOffset;

    /// <summary>Where a thread stands when that signal has stopped it.</summary>
    public RemotePtr Raised => Base + GateCode.RaisedOffset;

    /// <summary>Where a system call is made whose descriptor is closed behind it.</summary>
    public RemotePtr TakeCode => Base + GateCode.TakeOffset;

    /// <summary>Where a clone is made whose child ends at once.</summary>
    public RemotePtr CopyCode => Base + GateCode.CopyOffset;

    /// <summary>The homeward frame, and the stack pointer while injecting.</summary>
    public RemotePtr Frame => Base + FrameOffset;

    /// <summary>Arguments and results.</summary>
    public RemotePtr Data => Base + DataOffset;

    /// <summary>Protection of the area.</summary>
    public const int Protection = Memory.PROT_READ | Memory.PROT_WRITE | Memory.PROT_EXEC;

    /// <summary>Mapping flags of the area in a process under restore; its children get a copy each.</summary>
    public const int MapFlags = Memory.MAP_PRIVATE | Memory.MAP_ANONYMOUS | Memory.MAP_NORESERVE;

    /// <summary>Mapping flags of the area in a job: shared, so that it merges with no neighbour and is no private memory of the job.</summary>
    public const int JobMapFlags = Memory.MAP_SHARED | Memory.MAP_ANONYMOUS | Memory.MAP_NORESERVE | Memory.MAP_FIXED_NOREPLACE;
}
