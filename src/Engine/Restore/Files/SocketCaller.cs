using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Makes pairs of AF_UNIX sockets, and lets sockets listen and connect, in the process of the job that did it and under the user that it was, because the kernel
/// remembers that in the sockets (SO_PEERCRED). Where that process has ended, one with its PID is made for the moment; where somebody else has that PID, the root of
/// the job does it: then user and group are right, and the PID is not. Precondition: the processes exist, are still root's, and have no descriptors.
/// </summary>
internal sealed class SocketCaller(IReadOnlyList<RestoredProcess> processes)
{
    private const ulong Unchanged = uint.MaxValue; // (uid_t)-1
    private const ulong KeepRights = 1 << 2; // SECBIT_NO_SETUID_FIXUP: the file of a socket may be anybody's

    /// <summary>Makes a pair, not blocking.</summary>
    public (SafeFd First, SafeFd Second) MakePair(int type, UnixCredentials? first, UnixCredentials? second)
    {
        if (first is null || !first.Equals(second))
        {
            return SocketCalls.MakePair(type);
        }

        (SafeFd First, SafeFd Second) pair = default;
        InProcessOf(first, process => pair = MakePair(process, type, first));
        return pair;
    }

    /// <summary>listen(2).</summary>
    public void Listen(SafeFd socket, int backlog, UnixCredentials? caller)
    {
        if (caller is null)
        {
            SocketCalls.Listen(socket, backlog);
            return;
        }

        InProcessOf(caller, process => CallOn(process, socket, caller, number => process.Call("listen", Sys.Listen, number, (ulong)backlog)));
    }

    /// <summary>connect(2), where somebody listens.</summary>
    public void Connect(SafeFd socket, byte[] address, string name, UnixCredentials? caller)
    {
        if (caller is null)
        {
            SocketCalls.Connect(socket, address, name);
            return;
        }

        InProcessOf(caller, process => CallOn(process, socket, caller, number =>
        {
            process.Memory.Write(process.Arguments, address);
            process.Call($"connect to {name}", Sys.Connect, number, process.Arguments.Address, (ulong)address.Length);
        }));
    }

    private void InProcessOf(UnixCredentials caller, Action<RestoredProcess> act)
    {
        if (processes.FirstOrDefault(process => process.Id.Value == caller.Pid) is { } maker)
        {
            act(maker);
            return;
        }

        using var substitute = TryMake(caller.Pid);
        try
        {
            act(substitute ?? processes[0]);
        }
        finally
        {
            if (substitute is not null)
            {
                Children.KillAndReap(substitute.Id);
            }
        }
    }

    /// <summary>A sibling of the root, so a child of ours; null where the PID is taken, by a zombie of the job as well, or is that of no process.</summary>
    private RestoredProcess? TryMake(int pid)
    {
        if (pid <= 0)
        {
            return null;
        }

        try
        {
            return processes[0].CloneSibling(pid);
        }
        catch (EngineException taken) when (taken.Reason == EngineFailure.PidTaken)
        {
            return null;
        }
    }

    private static void CallOn(RestoredProcess process, SafeFd socket, UnixCredentials caller, Action<ulong> call)
    {
        var us = process.Call("pidfd_open", Sys.PidfdOpen, (ulong)Libc.getpid(), 0);
        var number = process.Call("pidfd_getfd", Sys.PidfdGetfd, us, (ulong)socket.Number, 0);
        Become(process, caller.Uid, caller.Gid);
        call(number);
        Become(process, 0, 0);
        process.Call("close", Sys.Close, number);
        process.Call("close", Sys.Close, us);
    }

    private static (SafeFd First, SafeFd Second) MakePair(RestoredProcess process, int type, UnixCredentials maker)
    {
        var flags = (ulong)(type | SocketNumber.SOCK_CLOEXEC | SocketNumber.SOCK_NONBLOCK);
        Become(process, maker.Uid, maker.Gid);
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
        process.Call("prctl(PR_SET_SECUREBITS)", Sys.Prctl, Task.PR_SET_SECUREBITS, KeepRights);
        process.Call("setresgid", Sys.Setresgid, Unchanged, group, Unchanged);
        process.Call("setresuid", Sys.Setresuid, Unchanged, user, Unchanged);
        if (user == 0)
        {
            process.Call("prctl(PR_SET_SECUREBITS)", Sys.Prctl, Task.PR_SET_SECUREBITS, 0);
        }
    }

    private static SafeFd Take(SafeFd holder, int number) =>
        Pidfd.TryTake(holder, number) ?? throw new LinuxException($"pidfd_getfd of a socket pair's descriptor {number}", LastError.Get());
}
