using System.Runtime.InteropServices;

namespace Checkpointer.EndToEnd.Tests.Interop;

/// <summary>How a process ended, as waitpid(2) says it.</summary>
internal readonly record struct ExitStatus(int Raw)
{
    public bool Exited => (Raw & 0x7f) == 0;

    public int Code => (Raw >> 8) & 0xff;

    public int Signal => Raw & 0x7f;

    public override string ToString() => Exited ? $"exit code {Code}" : $"killed by signal {Signal}";
}

/// <summary>Signals and waits for processes by PID, with guards against the PIDs that mean a group or everybody.</summary>
internal static class Child
{
    /// <summary>Makes orphans of what we start our own children, so that restored jobs can be waited for.</summary>
    public static void AdoptOrphans()
    {
        if (Libc.prctl(Libc.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
        {
            throw new InvalidOperationException($"PR_SET_CHILD_SUBREAPER: error {Marshal.GetLastPInvokeError()}");
        }
    }

    /// <summary>Sends a signal; false where there is no such process.</summary>
    public static bool Signal(int pid, int signal)
    {
        if (pid <= 1 || pid == Environment.ProcessId)
        {
            throw new ArgumentOutOfRangeException(nameof(pid), pid, "not a process of the tests");
        }

        return Libc.kill(pid, signal) == 0;
    }

    /// <summary>Reaps the process where it has ended. Null where it runs, or is not our child (yet: its parent may be
    /// about to leave it to us).</summary>
    public static ExitStatus? TryReap(int pid)
    {
        var reaped = Libc.waitpid(pid, out var status, Libc.WNOHANG);
        return reaped == pid ? new ExitStatus(status) : null;
    }

    /// <summary>Waits for the end of the process and reaps it.</summary>
    public static ExitStatus Reap(int pid, TimeSpan timeout, Func<string> describe)
    {
        ExitStatus? status = null;
        Support.Wait.Until(() => (status = TryReap(pid)) is not null, timeout, () => $"process {pid} does not end: {describe()}");
        return status!.Value;
    }

    /// <summary>Reaps every child that has ended. Only for the end of the run.</summary>
    public static void ReapAll()
    {
        while (Libc.waitpid(-1, out _, Libc.WNOHANG) > 0)
        {
        }
    }
}
