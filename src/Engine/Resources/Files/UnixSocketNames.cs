using System.Text;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Google.Protobuf;
using static Checkpointer.Engine.Interop.SocketNumber;
using static Checkpointer.Engine.Interop.SocketOptionName;

namespace Checkpointer.Engine.Resources;

/// <summary>What a duplicate of an AF_UNIX socket tells: the file that it is bound to (unix(7)), who its peer was.</summary>
internal static class UnixSocketNames
{
    private const string InFlight = "scm_fds:";

    /// <summary>Fills in the image.</summary>
    /// <returns>Null, or why it cannot be carried: the end of the sentence "Descriptor 3 of process 4711 is".</returns>
    public static string? Describe(SafeFd socket, Socket image, OpenDescriptor descriptor)
    {
        image.Unix = new UnixSocket();
        var inFlight = descriptor.Info.Special.FirstOrDefault(line => line.StartsWith(InFlight, StringComparison.Ordinal));
        // Of a listening socket, those of connections that wait: their messages cannot be looked at.
        if (image.IsListening && inFlight is not null && inFlight.AsSpan(InFlight.Length).Trim() is not "0")
        {
            return $"a listening socket ({descriptor.Target}) with descriptors in flight (SCM_RIGHTS) on a connection that was not accepted yet";
        }

        if (SocketCalls.TryOption(socket, SOL_SOCKET, SO_PEERCRED) is { } peer)
        {
            image.Unix.PeerCredentials = Credentials(peer);
        }

        return HasFile(image.Address.Span) ? DescribeFile(socket, image.Unix, descriptor) : null;
    }

    /// <summary>True for an address that is a path, not an abstract name.</summary>
    public static bool HasFile(ReadOnlySpan<byte> address) => address.Length > sizeof(ushort) && address[sizeof(ushort)] != 0;

    /// <summary>The path, or the abstract name with @ for its zeros, for sentences and for making files.</summary>
    public static string Text(ReadOnlySpan<byte> address) =>
        address.Length <= sizeof(ushort) ? "(no name)"
        : HasFile(address) ? Encoding.UTF8.GetString(address[sizeof(ushort)..]).TrimEnd('\0')
        : Encoding.UTF8.GetString(address[sizeof(ushort)..]).Replace('\0', '@');

    /// <summary>struct ucred as an image.</summary>
    public static UnixCredentials Credentials(ReadOnlySpan<byte> raw)
    {
        var credentials = System.Runtime.InteropServices.MemoryMarshal.Read<ucred>(raw);
        return new UnixCredentials { Pid = credentials.pid, Uid = credentials.uid, Gid = credentials.gid };
    }

    private static string? DescribeFile(SafeFd socket, UnixSocket image, OpenDescriptor descriptor)
    {
        var number = Libc.ioctl(socket.Number, SIOCUNIXFILE, 0);
        if (number < 0)
        {
            return $"a socket ({descriptor.Target}) whose file cannot be found ({LastError.Get()})";
        }

        using var file = new SafeFd(number);
        var path = ProcFs.ReadLink(file.Path) ?? string.Empty;
        var stat = FileStat.Of(file.Path);
        image.FileIsGone = !stat.IsAt(path);
        path = image.FileIsGone ? ProcText.StripDeleted(path, out _) : path;
        image.File = ByteString.CopyFromUtf8(path);
        image.FileId = stat.Inode;
        image.Mode = stat.Permissions;
        image.Owner = stat.Owner;
        image.Group = stat.Group;
        return path.Contains('\uFFFD', StringComparison.Ordinal) ? $"a socket bound to {path}, whose name is not UTF-8" : null;
    }
}
