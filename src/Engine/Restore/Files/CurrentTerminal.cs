using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>What only a process of a session can do with its controlling terminal. Precondition: the process is still a copy of the stub, with no descriptors of the job.</summary>
internal static class CurrentTerminal
{
    private const string Node = "/dev/tty";

    /// <summary>A file opened as /dev/tty by a process, for us to hand on.</summary>
    public static SafeFd Open(RestoredProcess process, int flags) => With(process, flags, number =>
    {
        using var pidfd = Pidfd.TryOpenHolder(process.Id) ?? throw new LinuxException($"pidfd_open of process {process.Id}", LastError.Get());
        return Pidfd.TryTake(pidfd, (int)number) ?? throw new LinuxException($"pidfd_getfd of process {process.Id}", LastError.Get());
    });

    /// <summary>Makes a terminal the controlling one of the session that the process leads.</summary>
    /// <param name="process">The leader.</param>
    /// <param name="terminal">A descriptor of ours.</param>
    public static void Take(RestoredProcess process, SafeFd terminal)
    {
        var pidfd = process.Call("pidfd_open", Sys.PidfdOpen, (ulong)Libc.getpid(), 0);
        var number = process.Call("pidfd_getfd of a terminal", Sys.PidfdGetfd, pidfd, (ulong)terminal.Number, 0);
        process.Call("ioctl(TIOCSCTTY)", Sys.Ioctl, number, TerminalRequest.TIOCSCTTY, 0);
        process.Call("close", Sys.Close, number);
        process.Call("close", Sys.Close, pidfd);
    }

    /// <summary>Gives the terminal up; where the process does not lead its session, for itself alone.</summary>
    public static void Leave(RestoredProcess process) =>
        With(process, FileFlag.O_RDWR, number => process.Call("ioctl(TIOCNOTTY)", Sys.Ioctl, number, TerminalRequest.TIOCNOTTY, 0));

    /// <summary>Puts a process group of its session in the foreground. Its signals are blocked, or SIGTTOU would stop it.</summary>
    public static void SetForeground(RestoredProcess process, int group) => With(process, FileFlag.O_RDWR, number =>
    {
        process.Memory.Write(process.Arguments, group);
        return process.Call($"ioctl(TIOCSPGRP, {group})", Sys.Ioctl, number, TerminalRequest.TIOCSPGRP, process.Arguments.Address);
    });

    private static T With<T>(RestoredProcess process, int flags, Func<ulong, T> action)
    {
        process.Memory.Write(process.Arguments, [.. System.Text.Encoding.UTF8.GetBytes(Node), 0]);
        var number = process.Call($"open of {Node}", Sys.Open, process.Arguments.Address, (ulong)(flags | FileFlag.O_NOCTTY | FileFlag.O_CLOEXEC), 0);
        var result = action(number);
        process.Call("close", Sys.Close, number);
        return result;
    }
}
