using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Stops a process as job control does (SIGSTOP, SIGTSTP ...), while it is still a copy of the stub. It stays stopped for its parent, and for itself from when it is
/// let go; calls can be injected all the same. What its parent is sent is dropped with the other signals that children have caused.
/// </summary>
internal sealed class StopBuilder(RestoredProcess process, TimeSpan timeout)
{
    /// <summary>Stops it, with the signal of the image; the parent has fetched the stop where it had.</summary>
    public void Stop(RestoredProcess? parent)
    {
        var image = process.Images.Process;
        // The kernel does not let SIGTSTP and its like stop a group whose shell is gone, as that of the root is.
        if (!TryStop(image.StopSignal) && !TryStop(Signal.SIGSTOP))
        {
            throw new EngineException(EngineFailure.Failed, $"Process {process.Id} could not be stopped again.");
        }

        if (image.IsStopReported && parent is not null)
        {
            var told = parent.Call(
                $"wait4 for the stop of {process.Id}", Sys.Wait4, (ulong)process.Id.Value, 0, WaitOption.WSTOPPED | WaitOption.WNOHANG | WaitOption.__WALL, 0);
            Invariant.Require(told == (ulong)process.Id.Value, $"the stop of process {process.Id} was not reported to {parent.Id}");
        }
    }

    private bool TryStop(int signal)
    {
        var tracee = process.Leader;
        tracee.SetSignalMask(0);
        // Any harmless call: it is only made where the kernel does not stop the process.
        tracee.SetRegisters(tracee.GetRegisters().AboutToCall(process.Gate.CallCode, process.Gate.Frame, Sys.Close, [ulong.MaxValue]));
        if (Libc.kill(process.Id.Value, Signal.SIGSTOP) != 0)
        {
            throw new LinuxException($"kill(SIGSTOP) of process {process.Id}", LastError.Get());
        }

        for (var next = 0; ;)
        {
            tracee.Resume(Ptrace.PTRACE_SYSCALL, next);
            var status = tracee.Wait(timeout);
            if (status.IsDead)
            {
                throw new EngineException(EngineFailure.NoSuchProcess, $"Process {process.Id} {status} while it was being stopped.");
            }

            if (status.Event == Ptrace.PTRACE_EVENT_STOP && status.StopSignal == signal)
            {
                return true;
            }

            if (status.IsSyscallStop && tracee.IsAtSyscallExit())
            {
                return false;
            }

            next = status.IsSignalStop ? signal : 0;
        }
    }
}
