using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Google.Protobuf;
using static Checkpointer.Engine.Interop.SocketNumber;
using static Checkpointer.Engine.Interop.SocketOptionName;

namespace Checkpointer.Engine.Resources;

/// <summary>Classic BPF programs of sockets (SO_ATTACH_FILTER, socket(7)).</summary>
internal static unsafe class SocketFilters
{
    /// <summary>Reads the program.</summary>
    /// <returns>False where the socket has one that cannot be read: one of eBPF.</returns>
    public static bool TryRead(SafeFd socket, out ByteString program)
    {
        program = ByteString.Empty;
        var code = new byte[Seccomp.BPF_MAXINSNS * sizeof(sock_filter)];
        uint instructions = Seccomp.BPF_MAXINSNS;
        fixed (byte* bytes = code)
        {
            // The length is one of instructions here, not of bytes.
            if (Libc.getsockopt(socket.Number, SOL_SOCKET, SO_ATTACH_FILTER, bytes, &instructions) < 0)
            {
                return LastError.Get() is not Errno.EACCES;
            }
        }

        program = ByteString.CopyFrom(code, 0, (int)instructions * sizeof(sock_filter));
        return true;
    }

    /// <summary>Attaches the program of an image.</summary>
    public static void Attach(SafeFd socket, Socket image)
    {
        if (image.Filter.IsEmpty)
        {
            return;
        }

        fixed (byte* bytes = image.Filter.Span)
        {
            var program = new sock_fprog { len = (ushort)(image.Filter.Length / sizeof(sock_filter)), filter = (ulong)bytes };
            SocketCalls.SetOption(socket, SOL_SOCKET, SO_ATTACH_FILTER, new ReadOnlySpan<byte>(&program, sizeof(sock_fprog)));
        }
    }
}
