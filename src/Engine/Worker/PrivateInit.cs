using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Worker;

/// <summary>
/// The first process of a private PID namespace (<see cref="InitCode"/>). Until it is let go it is stopped and traced with PTRACE_O_EXITKILL: if we die, it
/// does, and the kernel ends the whole namespace with it. Precondition: runs on the tracer thread that made it.
/// </summary>
internal sealed class PrivateInit(StubCalls calls) : IDisposable
{
    private const string Proc = "/proc";
    private bool _isLetGo;

    /// <summary>The process.</summary>
    public ProcessId Id => calls.Tracee.Process;

    /// <summary>True for a process that is such an init.</summary>
    public static bool Is(ProcessId process) =>
        ProcFs.ReadLink(ProcFs.PathOf(process, "exe")) is { } program && program.StartsWith($"/memfd:{StubProgram.Name} ", StringComparison.Ordinal)
        && HostProc.InnerPid(process) == 1;

    /// <summary>True for the first process of a job in a PID namespace of ours.</summary>
    public static bool IsParentOf(ProcessId process) => ProcFs.TryStat(process) is { ParentPid: > 0 and var parent } && Is(new ProcessId(parent));

    /// <summary>The one of the PID namespace that a process is in; null for a process in ours, or in one that others made.</summary>
    public static ProcessId? Of(ProcessId process)
        => NamespaceOf(process) is { } names && names != NamespaceOf(new ProcessId(Environment.ProcessId)) && Member(names, 1) is { } init && Is(init) ? init : null;

    /// <summary>Equips it: its own /proc in our mount namespace, which the job shares, and nothing of ours.</summary>
    /// <param name="lastPid">The number after which the kernel gives PIDs next.</param>
    public void Equip(int lastPid)
    {
        calls.Call("close_range", Sys.CloseRange, 0, uint.MaxValue, 0);
        calls.Call("setsid", Sys.Setsid);
        calls.Call("chdir", Sys.Chdir, calls.Text("/"));
        calls.Call(
            "mount of /proc", Sys.Mount, calls.Text("proc"), calls.Text(Proc), calls.Text("proc"), MountFlag.MS_NOSUID | MountFlag.MS_NODEV | MountFlag.MS_NOEXEC, 0);
        calls.WriteFile("/proc/sys/kernel/ns_last_pid", lastPid.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>The process with a number inside, as the host knows it; null where there is none.</summary>
    public ProcessId? Member(int inner) => NamespaceOf(Id) is { } names ? Member(names, inner) : null;

    private static ProcessId? Member(string names, int inner) => (ProcFile.TryListNumbers(Proc) ?? []).Select(number => new ProcessId(number))
        .Where(process => HostProc.InnerPid(process) == inner && NamespaceOf(process) == names).Select(process => (ProcessId?)process).FirstOrDefault();

    private static string? NamespaceOf(ProcessId process) => ProcFs.ReadLink(ProcFs.PathOf(process, "ns/pid"));

    /// <summary>Lets it run on without us.</summary>
    /// <param name="root">PID inside of the job's first process.</param>
    public void LetGo(int root)
    {
        calls.Tracee.SetRegisters(calls.Tracee.GetRegisters().AboutToBeInit(Stub.InitCode, root));
        calls.Tracee.SetOptions(0);
        calls.Tracee.Detach();
        _isLetGo = true;
    }

    /// <summary>Begins to end the whole namespace, where it was not let go.</summary>
    public void End()
    {
        if (!_isLetGo)
        {
            Children.Kill(Id);
        }
    }

    /// <summary>Ends the whole namespace, where it was not let go. Precondition: children of ours in it were reaped.</summary>
    public void Dispose()
    {
        calls.Dispose();
        if (!_isLetGo)
        {
            Children.KillAndReap(Id);
        }
    }
}
