using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// Pages mapped into a traced process for the time of a dump or restore: code to inject through, a signal frame that leads home,
/// and a data area for arguments and results. Nothing of the job's own memory is ever borrowed.
/// </summary>
/// <param name="Base">First address.</param>
internal readonly record struct Gate(RemotePtr Base)
{
    private const ulong PageBytes = 4096;
    private const ulong FrameOffset = PageBytes;
    private const ulong DataOffset = FrameOffset + SignalFrame.BytesMax;

    /// <summary>Bytes for arguments and results.</summary>
    public const int DataBytes = 256 * 1024;

    /// <summary>Bytes of the whole area.</summary>
    public const ulong Bytes = DataOffset + DataBytes;

    /// <summary>Where one system call is made.</summary>
    public RemotePtr CallCode => Base + GateCode.CallOffset;

    /// <summary>Where a table of system calls is run.</summary>
    public RemotePtr BatchCode => Base + GateCode.BatchOffset;

    /// <summary>The homeward frame, and the stack pointer while injecting.</summary>
    public RemotePtr Frame => Base + FrameOffset;

    /// <summary>Arguments and results.</summary>
    public RemotePtr Data => Base + DataOffset;

    /// <summary>Protection of the area.</summary>
    public const int Protection = Memory.PROT_READ | Memory.PROT_WRITE | Memory.PROT_EXEC;

    /// <summary>Mapping flags of the area.</summary>
    public const int MapFlags = Memory.MAP_PRIVATE | Memory.MAP_ANONYMOUS | Memory.MAP_NORESERVE;
}
