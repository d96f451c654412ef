using System.Net;

namespace Checkpointer.Engine.Proc;

/// <summary>What sock_diag(7) says of one TCP socket.</summary>
/// <param name="Inode">Inode on sockfs; 0: no process holds it: it was closed, or not accepted yet.</param>
/// <param name="State">TCP_ESTABLISHED and so on.</param>
/// <param name="Local">Its address.</param>
/// <param name="Remote">That of its peer.</param>
/// <param name="Unread">Bytes that were received and not read, and one for the end of the stream; of a listening socket the connections that wait.</param>
/// <param name="Unacknowledged">Bytes that were sent and not acknowledged, and one for the end of the stream.</param>
/// <param name="Shutdown">RCV_SHUTDOWN | SEND_SHUTDOWN.</param>
internal sealed record TcpSocketState(uint Inode, int State, IPEndPoint Local, IPEndPoint Remote, uint Unread, uint Unacknowledged, uint Shutdown)
{
    /// <summary>The same for a socket of each family: IPv4 addresses that stand in IPv6 ones as such, and no scope.</summary>
    public static IPEndPoint Normal(IPEndPoint point) => new(
        point.Address.IsIPv4MappedToIPv6 ? point.Address.MapToIPv4() : new IPAddress(point.Address.GetAddressBytes()), point.Port);
}
