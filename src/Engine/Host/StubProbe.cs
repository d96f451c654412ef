using System.Globalization;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Host;

/// <summary>Tries on the stub what dumps and restores inject into a process.</summary>
internal sealed class StubProbe(Stub stub, TimeSpan timeout)
{
    /// <summary>Runs one probe: its name, state and remedy where it fails, and what to try; null from it means missing.</summary>
    public delegate void Try(string name, CapabilityState otherwise, string remedy, Func<string?> probe);

    private const string Rights = "run as root, or give checkpointer CAP_CHECKPOINT_RESTORE and CAP_SYS_PTRACE";
    private const string Configuration = "use a kernel built with CONFIG_CHECKPOINT_RESTORE";

    /// <summary>All of them.</summary>
    public void Run(Try attempt)
    {
        Gate gate = default;
        attempt("injected calls", CapabilityState.Missing, Rights, () =>
        {
            gate = MapGate();
            return "A stopped process made a system call for us.";
        });
        if (gate == default)
        {
            return;
        }

        attempt("tid address", CapabilityState.Missing, Configuration, () =>
        {
            Call(gate, Sys.Prctl, Task.PR_GET_TID_ADDRESS, gate.Data.Address).OrThrow("prctl(PR_GET_TID_ADDRESS)");
            return "The clear-on-exit address of a thread can be read.";
        });
        attempt("memory map", CapabilityState.Missing, Configuration, () =>
        {
            const int QuerySize = 15; // PR_SET_MM_MAP_SIZE
            Call(gate, Sys.Prctl, Task.PR_SET_MM, QuerySize, gate.Data.Address).OrThrow("prctl(PR_SET_MM_MAP_SIZE)");
            return "The limits of code, heap and stack can be set.";
        });
        attempt("descriptors", CapabilityState.Missing, "use Linux 5.6 or newer; " + Rights, () => TryTransfer(gate));
        attempt("chosen PIDs", CapabilityState.Missing, "use Linux 5.5 or newer; " + Rights, () => TryChosenPid(gate));
    }

    private Gate MapGate()
    {
        using var injection = SyscallInjection.Through(stub.SyscallInstruction, stub.Tracee, stub.Tracee.GetRegisters(), 0, timeout, _ => { });
        var address = injection.Call(Sys.Mmap, 0, Gate.Bytes, Gate.Protection, Gate.MapFlags, ulong.MaxValue, 0).OrThrow("mmap in the stub");
        var gate = new Gate(new RemotePtr(address));
        stub.Memory.Write(gate.Base, GateCode.Bytes);
        return gate;
    }

    private RemoteResult Call(Gate gate, Sys number, params ReadOnlySpan<ulong> arguments)
    {
        using var injection = SyscallInjection.Through(gate, stub.Tracee, stub.Tracee.GetRegisters(), 0, timeout, _ => { });
        return injection.Call(number, arguments);
    }

    private string? TryTransfer(Gate gate)
    {
        var pidfd = Call(gate, Sys.PidfdOpen, (ulong)Libc.getpid()).OrThrow("pidfd_open");
        using var ours = new SafeFd(Libc.memfd_create("checkpointer-doctor", FileFlag.MFD_CLOEXEC));
        Call(gate, Sys.PidfdGetfd, pidfd, (ulong)ours.Number, 0).OrThrow("pidfd_getfd");
        return "Open files can be handed to a process.";
    }

    private string? TryChosenPid(Gate gate)
    {
        var wanted = FreePid();
        var child = Cloner.Clone(
            stub.Tracee, stub.Memory, gate, new clone_args { flags = Task.CLONE_PARENT }, wanted, new ProcessId(wanted), timeout, _ => { });
        Children.KillAndReap(child.Process);
        return "A process was made with a PID that we chose.";
    }

    private static int FreePid()
    {
        // From the top down, where the kernel has given none lately.
        var pid = int.Parse(File.ReadAllText("/proc/sys/kernel/pid_max"), CultureInfo.InvariantCulture) - 1;
        while (Directory.Exists($"/proc/{pid}"))
        {
            pid--;
        }

        return pid;
    }
}
