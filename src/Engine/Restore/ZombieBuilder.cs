using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Restore;

/// <summary>Ends processes in the way that the image says, for their parent to wait for.</summary>
internal sealed class ZombieBuilder(TimeSpan timeout, Action<string> step)
{
    private const int NameBytesMax = 15;

    /// <summary>Ends a process in the way of the image. Precondition: it is still a copy of the stub.</summary>
    public void End(RestoredProcess process, Zombie zombie)
    {
        step($"end process {zombie.Pid}");
        var name = new byte[NameBytesMax + 1];
        zombie.Name.Span[..Math.Min(NameBytesMax, zombie.Name.Length)].CopyTo(name);
        process.Memory.Write(process.Arguments, name);
        process.Call("prctl(PR_SET_NAME)", Sys.Prctl, Task.PR_SET_NAME, process.Arguments.Address);
        End(process, new WaitStatus(zombie.WaitStatus));
    }

    /// <summary>Ends a process; its status is there for its parent to fetch when this returns.</summary>
    public void End(RestoredProcess process, WaitStatus wanted)
    {
        var tracee = process.Leader;
        if (wanted.IsSignaled)
        {
            LimitCore(tracee.Process);
            tracee.SetSignalMask(0);
            _ = Libc.kill(tracee.Process.Value, wanted.Raw & 0x7f);
        }
        else
        {
            var exit = tracee.GetRegisters().AboutToCall(process.Gate.CallCode, process.Gate.Frame, Sys.ExitGroup, [(ulong)((wanted.Raw >> 8) & 0xff)]);
            tracee.SetRegisters(exit);
        }

        for (var signal = 0; ;)
        {
            tracee.ResumeIfAlive(signal);
            var status = tracee.Wait(timeout);
            if (status.IsDead)
            {
                return;
            }

            signal = status.Event == 0 ? status.StopSignal : 0;
        }
    }

    private static unsafe void LimitCore(ProcessId process)
    {
        const int CoreLimit = 4;
        rlimit64 none = default;
        LinuxException.ThrowIfFailed(Libc.prlimit(process.Value, CoreLimit, &none, null), $"prlimit(RLIMIT_CORE) of process {process}");
    }
}
