using System.Net;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using static Checkpointer.Engine.Interop.SocketNumber;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Sends to UDP sockets again what they had received, each datagram from its sender's address. Precondition: all are bound and none is
/// connected, so that each takes datagrams from everybody.
/// </summary>
internal sealed class UdpSocketFiller(IReadOnlyList<InetSocketBuilder> sockets)
{
    /// <summary>Fills one.</summary>
    public void Fill(InetSocketBuilder receiver)
    {
        foreach (var message in receiver.Image.Received.Where(message => !message.Sender.IsEmpty))
        {
            if (SenderOf(receiver.Image, message.Sender.Span) is { } sender)
            {
                SocketMessages.Send(sender.Fd, message, AddressOf(receiver.Image));
            }
            else
            {
                using var stranger = SocketCalls.Make(receiver.Image.Family, SOCK_DGRAM, receiver.Image.Protocol);
                // Lets a socket send from an address that is another host's.
                SocketCalls.SetOption(stranger, SOL_IP, IpOptionName.IP_TRANSPARENT, 1);
                SocketCalls.Bind(stranger, message.Sender.Span, InetSockets.Text(message.Sender.Span));
                SocketMessages.Send(stranger, message, AddressOf(receiver.Image));
            }
        }
    }

    private InetSocketBuilder? SenderOf(Socket receiver, ReadOnlySpan<byte> address)
    {
        var port = InetSockets.Port(address);
        var host = InetSockets.Host(address);
        return sockets.FirstOrDefault(socket => socket.Image.Family == receiver.Family && socket.Image.Protocol == receiver.Protocol
            && InetSockets.Port(socket.Image.Address.Span) == port && InetSockets.Host(socket.Image.Address.Span) is var own && (own.Equals(host) || IsAny(own)));
    }

    /// <summary>A socket that is bound to all addresses is reached by that of this host.</summary>
    private static byte[] AddressOf(Socket image) => IsAny(InetSockets.Host(image.Address.Span))
        ? InetSockets.WithHost(image.Address.Span, image.Family == AF_INET6 ? IPAddress.IPv6Loopback : IPAddress.Loopback)
        : image.Address.ToByteArray();

    private static bool IsAny(IPAddress host) => host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any);
}
