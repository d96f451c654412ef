using System.Runtime.InteropServices;
using Checkpointer.Engine.Interop;
using static Checkpointer.Engine.Interop.SocketDiagnosis;

namespace Checkpointer.Engine.Proc;

/// <summary>What sock_diag(7) says of Internet sockets.</summary>
internal static unsafe class InetSocketTable
{
    /// <summary>RCV_SHUTDOWN | SEND_SHUTDOWN of all bound sockets of a protocol, by inode on sockfs.</summary>
    /// <param name="family">AF_INET or AF_INET6.</param>
    /// <param name="protocol">One of IPPROTO_*.</param>
    public static Dictionary<uint, uint> Shutdowns(int family, int protocol)
    {
        var shutdowns = new Dictionary<uint, uint>();
        var request = new inet_diag_req_v2 { sdiag_family = (byte)family, sdiag_protocol = (byte)protocol, idiag_states = uint.MaxValue };
        SocketDiagnoser.Ask(request, message =>
        {
            var inode = MemoryMarshal.Read<inet_diag_msg>(message).idiag_inode;
            SocketDiagnoser.Attributes(message[sizeof(inet_diag_msg)..], (type, value) =>
            {
                if (type == INET_DIAG_SHUTDOWN)
                {
                    shutdowns[inode] = value[0];
                }
            });
        });
        return shutdowns;
    }
}
