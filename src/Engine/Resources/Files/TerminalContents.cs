using System.Runtime.InteropServices;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Reads what is in the terminals of a job, and puts it back.</summary>
internal sealed class TerminalContents(Duplicates duplicates, FindingList findings)
{
    /// <summary>Fills in the images of all terminals that the job made. Runs inside the freeze.</summary>
    public static void ReadAll(IReadOnlyCollection<TerminalUse> terminals, FindingList findings)
    {
        using var duplicates = new Duplicates();
        var contents = new TerminalContents(duplicates, findings);
        foreach (var use in terminals.Where(use => use.Image is { HasMaster: true, Settings.IsEmpty: false }))
        {
            contents.Read(use);
        }
    }

    private void Read(TerminalUse use)
    {
        using var master = duplicates.TryTake(use.Master!)
            ?? throw new LinuxException($"pidfd_getfd of descriptor {use.Master!.Number} of process {use.Master.Process}", LastError.Get());
        var waits = SocketCalls.Poll(master, SocketNumber.POLLIN | SocketNumber.POLLPRI);
        var hasStatus = use.Image.IsPacketMode && (waits & SocketNumber.POLLPRI) != 0;
        if (hasStatus || (!use.Image.WasOpened && (waits & SocketNumber.POLLIN) != 0))
        {
            findings.Note(
                use.First.Process, "terminal",
                hasStatus
                    ? $"{use.Name} has a change of state in packet mode that was not read; after a restore it is lost, with what else was not read."
                    : $"{use.Name} was never opened and holds what was written to its master; after a restore that is lost.");
        }
        else if (use.Image.WasOpened)
        {
            Read(use, master);
        }
    }

    private static void Read(TerminalUse use, SafeFd master)
    {
        using var slave = OpenSlave(use, master);
        var queues = new TerminalQueues(master, slave, MemoryMarshal.Read<termios2>(use.Image.Settings.Span));
        SetPacketMode(use, master, 0);
        try
        {
            queues.Take(use.Image);
        }
        finally
        {
            queues.Put(use.Image);
            // What our own settings have told the master ends with this, too.
            SetPacketMode(use, master, 1);
        }
    }

    private static void SetPacketMode(TerminalUse use, SafeFd master, int isOn)
    {
        if (use.Image.IsPacketMode)
        {
            TerminalCalls.SetNumber(master, TerminalRequest.TIOCPKT, isOn);
        }
    }

    /// <summary>A file of our own, or its flags would have to be changed for the job.</summary>
    private static SafeFd OpenSlave(TerminalUse use, SafeFd master)
    {
        SetLock(use, master, 0);
        try
        {
            return new SafeFd(TerminalCalls.Do(master, TerminalRequest.TIOCGPTPEER, FileFlag.O_RDWR | FileFlag.O_NONBLOCK | FileFlag.O_NOCTTY | FileFlag.O_CLOEXEC));
        }
        finally
        {
            SetLock(use, master, 1);
        }
    }

    private static void SetLock(TerminalUse use, SafeFd master, int isOn)
    {
        if (use.Image.IsLocked)
        {
            TerminalCalls.SetNumber(master, TerminalRequest.TIOCSPTLCK, isOn);
        }
    }
}
