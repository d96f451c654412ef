using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Restore;

/// <summary>Makes ended children again: processes that end at once in the way that the image says, for their parent to wait for.</summary>
internal sealed class ZombieBuilder(TimeSpan timeout, Action<string> step)
{
    private const int NameBytesMax = 15;

    /// <summary>Makes the zombies of one process. Precondition: it is still a copy of the stub.</summary>
    public void Build(RestoredProcess parent)
    {
        foreach (var zombie in parent.Images.Process.Zombies)
        {
            step($"make the ended process {zombie.Pid}");
            var tracee = parent.Clone(new clone_args { exit_signal = Signal.SIGCHLD }, zombie.Pid, isThread: false);
            using var process = new RestoredProcess(parent.Images, tracee, parent.Gate, timeout, step);
            TakeIdentity(process, zombie);
            End(tracee, process, new WaitStatus(zombie.WaitStatus));
        }
    }

    private static void TakeIdentity(RestoredProcess process, Zombie zombie)
    {
        if (zombie.Session == zombie.Pid)
        {
            process.Call("setsid", Sys.Setsid);
        }
        else if (zombie.ProcessGroup == zombie.Pid)
        {
            process.Call("setpgid", Sys.Setpgid, 0, 0);
        }

        var name = new byte[NameBytesMax + 1];
        zombie.Name.Span[..Math.Min(NameBytesMax, zombie.Name.Length)].CopyTo(name);
        process.Memory.Write(process.Arguments, name);
        process.Call("prctl(PR_SET_NAME)", Sys.Prctl, Task.PR_SET_NAME, process.Arguments.Address);
    }

    private void End(Tracee tracee, RestoredProcess process, WaitStatus wanted)
    {
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
