using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Makes the sockets of a job in our own process, from which its processes take them over.</summary>
internal sealed class SocketBuilder : IDisposable
{
    private readonly IReadOnlyList<OpenFile> _files;
    private readonly UnixSocketBuilder _unix;
    private readonly TcpSocketBuilder _tcp;
    private readonly Dictionary<uint, InetSocketBuilder> _others = [];

    public SocketBuilder(Files files, IReadOnlyList<RestoredProcess> processes, KeptConnections kept)
    {
        _files = [.. files.OpenFiles.Where(file => file.Kind == OpenFile.Types.Kind.Socket)];
        _unix = new UnixSocketBuilder(_files.Where(file => file.Socket.Family == SocketNumber.AF_UNIX), new SocketCaller(processes), new SocketHolders(files, processes));
        _tcp = new TcpSocketBuilder(_files, kept);
    }

    /// <summary>Makes all, empty.</summary>
    /// <returns>Sockets by number of their open file.</returns>
    public Dictionary<uint, SafeFd> Build(OpenedFiles opened)
    {
        var sockets = _unix.Build();
        foreach (var file in _files.Where(file => file.Socket.Family != SocketNumber.AF_UNIX && !TcpSocketBuilder.IsConnection(file.Socket)))
        {
            var socket = new InetSocketBuilder(file.Socket);
            sockets.Add(file.Id, socket.Fd);
            _others.Add(file.Id, socket);
        }

        foreach (var (id, socket) in _tcp.Build())
        {
            sockets.Add(id, socket);
        }

        foreach (var socket in sockets.Values)
        {
            opened.Keep(socket);
        }

        foreach (var socket in _others.Values)
        {
            socket.Bind(_others.Values.Any(socket.SharedPortWith));
        }

        return sockets;
    }

    /// <summary>Puts back what was in them. Precondition: all other files are open.</summary>
    public void Finish(IReadOnlyDictionary<uint, SafeFd> openFiles)
    {
        _unix.Finish(openFiles);
        var filler = new UdpSocketFiller([.. _others.Values]);
        foreach (var socket in _others.Values)
        {
            filler.Fill(socket);
        }

        _tcp.Finish(_others);
        foreach (var socket in _others.Values)
        {
            socket.Finish();
        }

        foreach (var file in _files)
        {
            var flags = (int)file.Flags & (FileFlag.O_NONBLOCK | FileFlag.O_DIRECT);
            LinuxException.ThrowIfFailed(Libc.fcntl(openFiles[file.Id].Number, FileFlag.F_SETFL, flags), "fcntl(F_SETFL) of a socket");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _unix.Dispose();
}
