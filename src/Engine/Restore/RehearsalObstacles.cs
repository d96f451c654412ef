using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// What of a generation cannot be made without changing something outside of the namespaces of a rehearsal. These have network and System V objects of their own, and
/// the files of the host, which are opened as they are: nothing may be bound, locked, made or removed there.
/// </summary>
internal static class RehearsalObstacles
{
    private const ulong MemoryDevices = 1; // admin-guide/devices.txt: null, zero, full, random, urandom

    // What opening a file and closing it again tells who watches it.
    private const uint Opening = SpecialFile.IN_ACCESS | SpecialFile.IN_OPEN | SpecialFile.IN_CLOSE_WRITE | SpecialFile.IN_CLOSE_NOWRITE;

    // Page tables and what the kernel holds for files and threads.
    private const double Overhead = 1.1;

    /// <summary>Names them; empty where all can be made.</summary>
    public static IReadOnlyList<string> Of(GenerationImages images) =>
    [
        .. images.Files.OpenFiles.Select(WhyNot).OfType<string>()
            .Concat(images.Files.Pipes.Where(pipe => pipe.Fifo is not null).Select(pipe => $"the FIFO {pipe.Fifo.Path.ToStringUtf8()} would be opened, which whoever else has it sees"))
            .Concat(images.Files.RemovedFiles.Select(removed => $"{removed.Path.ToStringUtf8()}, which was removed, would be made"))
            .Concat(images.Inventory.SharedMemory.Where(shared => shared.Kind == SharedMemory.Types.Kind.DeletedFile)
                .Select(shared => $"{shared.Path.ToStringUtf8()}, which was deleted, would be made"))
            .Distinct(),
    ];

    /// <summary>Throws where the host has too little memory for a second copy of the job.</summary>
    public static void RequireMemory(string generation, long populatedBytes)
    {
        if (HostMemory.AvailableBytes() is { } available && populatedBytes * Overhead > available)
        {
            throw new EngineException(
                EngineFailure.TimedOut, FormattableString.Invariant($"A rehearsal of {generation} needs {populatedBytes} bytes of memory for a while, and {available} are available."),
                "rehearse when less runs on the host");
        }
    }

    private static string? WhyNot(OpenFile file)
    {
        var path = file.Path.ToStringUtf8();
        return file switch
        {
            { Locks.Count: > 0 } => $"{path} would be locked",
            { Kind: OpenFile.Types.Kind.Socket } => WhyNot(file.Socket),
            { Kind: OpenFile.Types.Kind.Terminal } => $"the terminal {path} would be made",
            { Kind: OpenFile.Types.Kind.Inotify } => file.InotifyWatches.FirstOrDefault(watch => (watch.Mask & Opening) != 0) is { } watch
                ? $"{watch.Path.ToStringUtf8()}, which the job watches for being opened, read or closed (inotify), may be" : null,
            { Kind: OpenFile.Types.Kind.Fanotify } => "a fanotify group would watch files of the host",
            { Kind: OpenFile.Types.Kind.Device } when file.DeviceNode >> 32 != MemoryDevices => $"the device {path} would be opened",
            _ => null,
        };
    }

    private static string? WhyNot(Socket socket) =>
        socket.Family != SocketNumber.AF_UNIX ? "a network socket would be bound or connected"
        : !socket.Unix.File.IsEmpty ? $"the socket {socket.Unix.File.ToStringUtf8()} would be bound"
        : socket.Unix.Peer == UnixSocket.Types.Peer.Named ? "a datagram socket would be connected to a process outside"
        : null;
}
