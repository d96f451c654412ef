using System.Globalization;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Restore;

/// <summary>Gives a process what is neither memory, descriptors nor a thread's.</summary>
internal sealed class ProcessStateBuilder(RestoredProcess process)
{
    private const ulong SigsetBytes = 8;
    private const int DescriptorLimit = 7; // RLIMIT_NOFILE
    private const long MicrosecondsPerSecond = 1_000_000;
    private readonly Process _image = process.Images.Process;

    /// <summary>Lifts the limit of descriptors as far as it goes, for the time of the restore.</summary>
    public unsafe void LiftDescriptorLimit()
    {
        rlimit64 lifted = default;
        LinuxException.ThrowIfFailed(Libc.prlimit(process.Id.Value, DescriptorLimit, null, &lifted), $"prlimit of process {process.Id}");
        lifted.rlim_cur = lifted.rlim_max;
        LinuxException.ThrowIfFailed(Libc.prlimit(process.Id.Value, DescriptorLimit, &lifted, null), $"prlimit of process {process.Id}");
    }

    /// <summary>Sets the job's limits; after everything that they could have stopped. The process does it itself: without
    /// CAP_SYS_RESOURCE nobody may set the limits of a process of another user.</summary>
    public void SetLimits()
    {
        foreach (var limit in _image.Limits)
        {
            process.Memory.Write(process.Arguments, new rlimit64 { rlim_cur = limit.Soft, rlim_max = limit.Hard });
            using var injection = process.Inject(process.Leader);
            var result = injection.Call(Sys.Prlimit64, 0, limit.Resource, process.Arguments.Address, 0);
            if (result.IsError)
            {
                throw new EngineException(
                    EngineFailure.NotPermitted,
                    $"Resource limit {limit.Resource} of process {process.Id} cannot be set to {limit.Soft} (hard {limit.Hard}): {result.Errno}.",
                    "raise the hard limit of the shell that runs checkpointer (ulimit -H), or give it CAP_SYS_RESOURCE");
            }
        }
    }

    /// <summary>Personality, THP; before there is memory.</summary>
    public void SetMemoryPolicy()
    {
        process.Call("personality", Sys.Personality, _image.Personality);
        process.Call("prctl(PR_SET_THP_DISABLE)", Sys.Prctl, Task.PR_SET_THP_DISABLE, _image.ThpDisabled ? 1ul : 0ul, 0, 0, 0);
    }

    /// <summary>Working directory, umask, and what else is the process's; when all processes are there. Precondition: no descriptor is open; none is afterwards.</summary>
    public void SetSurroundings(RemovedFileBuilder removed)
    {
        if (!process.BorrowsFileSystem)
        {
            SetDirectories(removed);
        }

        process.Call("prctl(PR_SET_CHILD_SUBREAPER)", Sys.Prctl, Task.PR_SET_CHILD_SUBREAPER, _image.ChildSubreaper ? 1ul : 0ul);
        SetOutOfMemoryScore();
        SetCoreFilter();
        DropChildSignals();
    }

    /// <summary>Signal handlers, what a change of user would undo, and timers, which start to run down now. No batch may follow:
    /// the breakpoint that ends one would reset an ignored SIGTRAP.</summary>
    public void SetLast()
    {
        foreach (var action in _image.SignalActions)
        {
            SetAction(action);
        }

        if (_image.Dumpable <= 1)
        {
            process.Call("prctl(PR_SET_DUMPABLE)", Sys.Prctl, Task.PR_SET_DUMPABLE, _image.Dumpable);
        }

        RegisterBarriers();
        foreach (var timer in _image.IntervalTimers)
        {
            // One that had just expired has its signal in the queue; its next interval starts now.
            var remaining = timer.RemainingUs != 0 ? timer.RemainingUs : timer.IntervalUs;
            process.Memory.Write(process.Arguments, new itimerval
            {
                it_interval_sec = timer.IntervalUs / MicrosecondsPerSecond,
                it_interval_usec = timer.IntervalUs % MicrosecondsPerSecond,
                it_value_sec = remaining / MicrosecondsPerSecond,
                it_value_usec = remaining % MicrosecondsPerSecond,
            });
            process.Call("setitimer", Sys.Setitimer, timer.Which, process.Arguments.Address, 0);
        }

        new PosixTimerBuilder(process).Make();
    }

    /// <summary>Unmaps the gate, the last thing of ours in the process.</summary>
    public void CloseGate() => process.Call("munmap of the gate", Sys.Munmap, process.Gate.Base.Address, TreeBuilder.HoleBytes);

    private void RegisterBarriers()
    {
        for (var command = 1u; command <= _image.Membarrier; command <<= 1)
        {
            if ((_image.Membarrier & command) != 0)
            {
                process.Call($"membarrier({command})", Sys.Membarrier, command, 0, 0);
            }
        }

        if (_image.MemoryMerge)
        {
            process.Call("prctl(PR_SET_MEMORY_MERGE)", Sys.Prctl, Task.PR_SET_MEMORY_MERGE, 1, 0, 0, 0);
        }
    }

    private void SetDirectories(RemovedFileBuilder removed)
    {
        if (_image.WorkingDirectoryRemoved != 0)
        {
            EnterRemoved(removed);
        }
        else
        {
            CallOn(_image.WorkingDirectory, "chdir", Sys.Chdir);
        }

        process.Call("umask", Sys.Umask, _image.Umask);
        // Last: both paths are as seen from our own root.
        if (!_image.RootDirectory.IsEmpty && !_image.RootDirectory.Span.SequenceEqual("/"u8))
        {
            CallOn(_image.RootDirectory, "chroot", Sys.Chroot);
        }
    }

    private void EnterRemoved(RemovedFileBuilder removed)
    {
        using var directory = removed.Open(_image.WorkingDirectoryRemoved, FileFlag.O_PATH);
        var transfer = new DescriptorTransfer(process);
        transfer.Open(0);
        var number = transfer.Take(directory, "a removed working directory");
        transfer.Call("fchdir to a removed directory", Sys.Fchdir, [(ulong)number]);
        transfer.Call("close_range", Sys.CloseRange, [0, uint.MaxValue, 0]);
        transfer.Run();
    }

    private void CallOn(Google.Protobuf.ByteString path, string what, Sys number)
    {
        process.Memory.Write(process.Arguments, [.. path.Span, 0]);
        process.Call($"{what} to {path.ToStringUtf8()}", number, process.Arguments.Address);
    }

    /// <summary>Children that ended during the restore have left signals that the job never got; ignoring them for a moment drops them.</summary>
    private void DropChildSignals()
    {
        var signals = _image.Zombies.Select(zombie => zombie.HasExitSignal ? zombie.ExitSignal : Signal.SIGCHLD).Append(Signal.SIGCHLD).Distinct();
        foreach (var signal in signals.Where(signal => signal is not (0 or Signal.SIGKILL or Signal.SIGSTOP)))
        {
            SetAction(new SignalAction { Signal = (uint)signal, Handler = 1 });
            SetAction(new SignalAction { Signal = (uint)signal });
        }
    }

    private void SetAction(SignalAction action)
    {
        process.Memory.Write(process.Arguments, new kernel_sigaction
        {
            handler = action.Handler,
            flags = action.Flags,
            restorer = action.Restorer,
            mask = action.Mask,
        });
        process.Call($"rt_sigaction({action.Signal})", Sys.RtSigaction, action.Signal, process.Arguments.Address, 0, SigsetBytes);
    }

    /// <summary>Belongs to the address space: precondition, it has its own.</summary>
    private void SetCoreFilter()
    {
        if (_image.HasCoreFilter && ProcFs.TryCoreFilter(process.Id) is { } now && now != _image.CoreFilter)
        {
            File.WriteAllText(ProcFs.PathOf(process.Id, "coredump_filter"), _image.CoreFilter.ToString(CultureInfo.InvariantCulture));
        }
    }

    private void SetOutOfMemoryScore()
    {
        var path = ProcFs.PathOf(process.Id, "oom_score_adj");
        var wanted = _image.OomScoreAdj.ToString(CultureInfo.InvariantCulture);
        if (ProcFs.Text(process.Id, "oom_score_adj") != wanted)
        {
            File.WriteAllText(path, wanted);
        }
    }
}
