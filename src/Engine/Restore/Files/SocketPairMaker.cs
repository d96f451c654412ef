using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Makes pairs of AF_UNIX sockets in the process of the job that made them, under the user that it was, because the kernel remembers that in the pair
/// (SO_PEERCRED), and takes them over. Precondition: the processes exist and are still root's.
/// </summary>
internal sealed class SocketPairMaker(IReadOnlyList<RestoredProcess> processes)
{
    private const ulong Unchanged = uint.MaxValue; // (uid_t)-1

    /// <summary>Makes a pair, not blocking; by ourselves where nobody of the job has made it, or is there no more.</summary>
    public (SafeFd First, SafeFd Second) Make(int type, UnixCredentials? first, UnixCredentials? second)
    {
        var maker = first is not null && first.Equals(second) ? processes.FirstOrDefault(process => process.Id.Value == first.Pid) : null;
        return maker is null ? SocketCalls.MakePair(type) : Make(maker, type, first!);
    }

    private static (SafeFd First, SafeFd Second) Make(RestoredProcess process, int type, UnixCredentials identity)
    {
        var flags = (ulong)(type | SocketNumber.SOCK_CLOEXEC | SocketNumber.SOCK_NONBLOCK);
        Become(process, identity.Uid, identity.Gid);
        process.Call("socketpair", Sys.Socketpair, SocketNumber.AF_UNIX, flags, 0, process.Arguments.Address);
        Become(process, 0, 0);
        using var holder = Pidfd.TryOpenHolder(process.Id) ?? throw new LinuxException($"pidfd_open of {process.Id}", LastError.Get());
        var (first, second) = (process.Memory.Read<int>(process.Arguments), process.Memory.Read<int>(process.Arguments + sizeof(int)));
        var pair = (Take(holder, first), Take(holder, second));
        process.Call("close", Sys.Close, (ulong)first);
        process.Call("close", Sys.Close, (ulong)second);
        return pair;
    }

    /// <summary>Only the effective IDs, so that there is a way back.</summary>
    private static void Become(RestoredProcess process, uint user, uint group)
    {
        if (user == 0)
        {
            process.Call("setresuid", Sys.Setresuid, Unchanged, user, Unchanged);
            process.Call("setresgid", Sys.Setresgid, Unchanged, group, Unchanged);
        }
        else
        {
            process.Call("setresgid", Sys.Setresgid, Unchanged, group, Unchanged);
            process.Call("setresuid", Sys.Setresuid, Unchanged, user, Unchanged);
        }
    }

    private static SafeFd Take(SafeFd holder, int number) =>
        Pidfd.TryTake(holder, number) ?? throw new LinuxException($"pidfd_getfd of a socket pair's descriptor {number}", LastError.Get());
}
