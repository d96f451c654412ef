using Checkpointer.Engine.Interop;
using static Checkpointer.Engine.Interop.SocketNumber;
using static Checkpointer.Engine.Interop.TcpRepairNumber;

namespace Checkpointer.Engine.Support;

/// <summary>
/// A TCP socket in repair mode, in which sequence numbers and the send queue can be read, or a connection made without sending anything. It ends with
/// this object, and leaves SO_REUSEADDR as it was, which it changes. The mode belongs to the socket, not to us: if we die in it, a socket of the job
/// sends nothing until <see cref="EndLeft"/> finds it.
/// </summary>
internal sealed class TcpRepair : IDisposable
{
    private readonly SafeFd _socket;
    private readonly int _reuse;
    private bool _isOn = true;

    private TcpRepair(SafeFd socket, int reuse) => (_socket, _reuse) = (socket, reuse);

    /// <summary>Switches it on.</summary>
    /// <exception cref="EngineException">NotPermitted: the kernel asks for CAP_NET_ADMIN.</exception>
    public static TcpRepair Begin(SafeFd socket)
    {
        var reuse = SocketCalls.Number(socket, SOL_SOCKET, SocketOptionName.SO_REUSEADDR);
        try
        {
            SocketCalls.SetOption(socket, SOL_TCP, TCP_REPAIR, TCP_REPAIR_ON);
        }
        catch (LinuxException exception) when (exception.Errno == Errno.EPERM)
        {
            throw new EngineException(
                EngineFailure.NotPermitted, "A TCP connection can only be carried with CAP_NET_ADMIN (TCP_REPAIR).", "run checkpointer with that right", exception);
        }

        return new TcpRepair(socket, reuse);
    }

    /// <summary>Switches it off in a socket of the job that a killed dump has left in it; where SO_REUSEADDR was set, it is lost.</summary>
    public static void EndLeft(SafeFd socket)
    {
        if (SocketCalls.Number(socket, SOL_TCP, TCP_REPAIR) != TCP_REPAIR_OFF)
        {
            SocketCalls.SetOption(socket, SOL_TCP, TCP_REPAIR, TCP_REPAIR_OFF_NO_WP);
        }
    }

    /// <summary>The next sequence number of a queue, TCP_SEND_QUEUE or TCP_RECV_QUEUE, which is the one that calls use from now on.</summary>
    public uint Sequence(int queue)
    {
        SocketCalls.SetOption(_socket, SOL_TCP, TCP_REPAIR_QUEUE, queue);
        return unchecked((uint)SocketCalls.Number(_socket, SOL_TCP, TCP_QUEUE_SEQ));
    }

    /// <summary>Sets the next sequence number of a queue. Precondition: it is not connected.</summary>
    public void SetSequence(int queue, uint sequence)
    {
        SocketCalls.SetOption(_socket, SOL_TCP, TCP_REPAIR_QUEUE, queue);
        SocketCalls.SetOption(_socket, SOL_TCP, TCP_QUEUE_SEQ, unchecked((int)sequence));
    }

    /// <summary>Ends it with an exchange in which both ends tell how much they can take.</summary>
    public void EndWithProbe()
    {
        End(TCP_REPAIR_OFF);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isOn)
        {
            End(TCP_REPAIR_OFF_NO_WP);
        }
    }

    private void End(int how)
    {
        SocketCalls.SetOption(_socket, SOL_TCP, TCP_REPAIR, how);
        _isOn = false;
        SocketCalls.SetOption(_socket, SOL_SOCKET, SocketOptionName.SO_REUSEADDR, _reuse);
    }
}
