using System.Net;

namespace Checkpointer.Engine.PacketFilter;

/// <summary>Which TCP connection, as its packets show it: an IPv4 address in an IPv6 one is an IPv4 address.</summary>
/// <param name="Local">Address on this host.</param>
/// <param name="Remote">That of the peer.</param>
internal sealed record TcpAddresses(IPEndPoint Local, IPEndPoint Remote);
