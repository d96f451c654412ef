using System.Buffers.Binary;
using System.Net.Sockets;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Store;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Checkpointer.Scheduler.Control;

/// <summary>Who is at the other end of the socket, by the kernel's word (SO_PEERCRED, unix(7)): as of its connect, so nobody can lend it.</summary>
/// <param name="Pid">The process that connected.</param>
/// <param name="Uid">User ID.</param>
/// <param name="IsAdministrator">Root, or the user that the service runs as: sees and commands all jobs.</param>
internal sealed record Peer(ProcessId Pid, uint Uid, bool IsAdministrator)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;
    private const int CredentialBytes = 12; // struct ucred: pid, uid, gid
    private const int UidOffset = 4;

    /// <summary>Of a request.</summary>
    /// <exception cref="UnauthorizedAccessException">It did not come over the socket.</exception>
    public static Peer Of(HttpContext context, IJobEngine engine)
    {
        Socket socket = context.Features.Get<IConnectionSocketFeature>()?.Socket ?? throw new UnauthorizedAccessException("only over the socket of the store");
        Span<byte> credentials = stackalloc byte[CredentialBytes];
        if (socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials) != CredentialBytes)
        {
            throw new UnauthorizedAccessException("the kernel does not tell who asks");
        }

        uint uid = BinaryPrimitives.ReadUInt32LittleEndian(credentials[UidOffset..]);
        var pid = new ProcessId(BinaryPrimitives.ReadInt32LittleEndian(credentials));
        return new Peer(pid, uid, uid == 0 || uid == engine.OwnerOf(new ProcessId(Environment.ProcessId)));
    }

    /// <summary>True where it may see and command a job: its own, whose root runs as it still, if it runs.</summary>
    public bool MayUse(JobRecord job, IJobEngine engine)
        => IsAdministrator || (job.Owner == Uid && (new JobLocator(engine).FindRunning(job) is not { } root || engine.OwnerOf(root.Pid) == Uid));
}
