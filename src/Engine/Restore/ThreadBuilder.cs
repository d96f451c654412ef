using System.Globalization;
using System.Runtime.CompilerServices;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Tracing;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Restore;

/// <summary>Makes the threads of a process and gives each its state; registers come last, when no call is to be made any more.</summary>
internal sealed class ThreadBuilder(RestoredProcess process)
{
    private const ulong ThreadFlags = Task.CLONE_VM | Task.CLONE_FS | Task.CLONE_FILES | Task.CLONE_SIGHAND | Task.CLONE_THREAD | Task.CLONE_SYSVSEM;

    private const ulong IoprioWhoProcess = 1;
    private const uint ResetOnFork = 0x4000_0000; // SCHED_RESET_ON_FORK of sched_setscheduler(2)
    private const ulong ResetOnForkFlag = 1;      // SCHED_FLAG_RESET_ON_FORK of sched_setattr(2)

    // Places in the argument area of the gate, apart from each other.
    private const ulong NameAt = 0;
    private const ulong StackAt = 64;
    private const ulong AffinityAt = 128;
    private const ulong SchedulingAt = 2048;
    private const ulong SiginfoAt = 4096;
    private const ulong CredentialsAt = 64 * 1024;
    private const int SiginfosMax = (int)((CredentialsAt - SiginfoAt) / Signal.SiginfoBytes);

    private readonly int _lastCapability = int.Parse(File.ReadAllText("/proc/sys/kernel/cap_last_cap"), CultureInfo.InvariantCulture);

    /// <summary>Makes all threads but the leader, which exits where it had.</summary>
    public void MakeThreads()
    {
        foreach (var thread in process.Images.Process.Threads.Skip(process.Threads.Count))
        {
            process.Clone(new clone_args { flags = ThreadFlags }, thread.Tid, isThread: true);
        }

        if (process.Images.Process.ExitedLeader is { } exited)
        {
            // What is sent to the process is judged by the rights of its main thread, also when that has exited.
            var batch = new SyscallBatch();
            AddName(batch, exited.Name);
            CredentialsBuilder.Add(batch, process, process.Arguments + CredentialsAt, process.Images.Process.Threads[0].Credentials, _lastCapability);
            process.Run(batch);
            process.LetLeaderExit(exited.WaitStatus);
        }
    }

    /// <summary>Gives every thread its state.</summary>
    public void SetState()
    {
        foreach (var (tracee, image) in process.Threads.Zip(process.Images.Process.Threads))
        {
            SetState(tracee, image);
        }
    }

    /// <summary>Sets registers and signal masks; the threads continue with them when let go.</summary>
    public void SetRegisters()
    {
        foreach (var (tracee, image) in process.Threads.Zip(process.Images.Process.Threads))
        {
            tracee.SetExtendedState(image.CoreX64.ExtendedState.Span);
            tracee.SetRegisters(CoreImage.Registers(image.CoreX64));
            tracee.SetSignalMask(image.SignalMask);
        }
    }

    private void SetState(Tracee tracee, Images.Thread image)
    {
        // rseq(2) wants the area of this thread, and some kernels look at the thread pointer.
        tracee.SetRegisters(tracee.GetRegisters().WithThreadPointerOf(CoreImage.Registers(image.CoreX64)));
        var batch = new SyscallBatch();
        AddThreadAreas(batch, image);
        AddScheduling(batch, image);
        AddPendingSignals(batch, image.PendingSignals, Sys.RtTgsigqueueinfo, [(ulong)process.Id.Value, (ulong)image.Tid]);
        if (tracee == process.Threads[0])
        {
            AddPendingSignals(batch, process.Images.Process.PendingSignals, Sys.RtSigqueueinfo, [(ulong)process.Id.Value]);
        }

        batch.Add("prctl(PR_SET_TIMERSLACK)", Sys.Prctl, [Task.PR_SET_TIMERSLACK, image.TimerSlackNs]);
        CredentialsBuilder.Add(batch, process, process.Arguments + CredentialsAt, image.Credentials, _lastCapability);
        // A change of user clears it, so it comes after.
        batch.Add("prctl(PR_SET_PDEATHSIG)", Sys.Prctl, [Task.PR_SET_PDEATHSIG, (ulong)image.ParentDeathSignal]);
        process.Run(batch, tracee);
    }

    private void AddThreadAreas(SyscallBatch batch, Images.Thread image)
    {
        batch.Add("set_tid_address", Sys.SetTidAddress, [image.TidAddress], (ulong)image.Tid);
        if (image.RobustList != 0)
        {
            batch.Add("set_robust_list", Sys.SetRobustList, [image.RobustList, image.RobustListBytes]);
        }

        var stack = image.AlternateStack;
        process.Memory.Write(process.Arguments + StackAt, new stack_t
        {
            ss_sp = stack.Address,
            ss_size = stack.Bytes,
            // "On it" is a fact of the stack pointer, not a setting.
            ss_flags = (int)stack.Flags & ~Task.SS_ONSTACK,
        });
        batch.Add("sigaltstack", Sys.Sigaltstack, [(process.Arguments + StackAt).Address, 0]);
        if (image.RseqAddress != 0)
        {
            batch.Add("rseq", Sys.Rseq, [image.RseqAddress, image.RseqBytes, 0, image.RseqSignature]);
        }

        AddName(batch, image.Name);
    }

    private void AddName(SyscallBatch batch, Google.Protobuf.ByteString wanted)
    {
        var name = new byte[16];
        wanted.Span[..Math.Min(wanted.Length, name.Length - 1)].CopyTo(name);
        process.Memory.Write(process.Arguments + NameAt, name);
        batch.Add("prctl(PR_SET_NAME)", Sys.Prctl, [Task.PR_SET_NAME, (process.Arguments + NameAt).Address]);
    }

    private void AddScheduling(SyscallBatch batch, Images.Thread image)
    {
        process.Memory.Write(process.Arguments + AffinityAt, image.Scheduling.Affinity.Span);
        batch.Add("sched_setaffinity", Sys.SchedSetaffinity, [0, (ulong)image.Scheduling.Affinity.Length, (process.Arguments + AffinityAt).Address]);
        process.Memory.Write(process.Arguments + SchedulingAt, new sched_attr
        {
            size = (uint)Unsafe.SizeOf<sched_attr>(),
            sched_policy = image.Scheduling.Policy & ~ResetOnFork,
            sched_flags = (image.Scheduling.Policy & ResetOnFork) != 0 ? ResetOnForkFlag : 0,
            sched_nice = image.Scheduling.Nice,
            sched_priority = image.Scheduling.Priority,
        });
        batch.Add("sched_setattr", Sys.SchedSetattr, [0, (process.Arguments + SchedulingAt).Address, 0]);
        // A real-time thread has a nice value too, which sched_setattr does not set.
        batch.Add("setpriority", Sys.Setpriority, [0, 0, unchecked((ulong)(long)image.Scheduling.Nice)]);
        batch.Add("ioprio_set", Sys.IoprioSet, [IoprioWhoProcess, 0, image.Scheduling.IoPriority]);
    }

    private void AddPendingSignals(SyscallBatch batch, Google.Protobuf.Collections.RepeatedField<PendingSignal> signals, Sys call, ulong[] target)
    {
        // The two queues of the leader share the area: the process's signals go behind the thread's.
        var first = call == Sys.RtSigqueueinfo ? process.Images.Process.Threads[0].PendingSignals.Count : 0;
        if (first + signals.Count > SiginfosMax)
        {
            throw new EngineException(
                EngineFailure.Failed, $"Process {process.Id} has {first + signals.Count} queued signals; this version restores at most {SiginfosMax} a thread.");
        }

        for (var index = 0; index < signals.Count; index++)
        {
            var place = process.Arguments + SiginfoAt + (ulong)((first + index) * Signal.SiginfoBytes);
            process.Memory.Write(place, signals[index].Siginfo.Span);
            var signal = System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(signals[index].Siginfo.Span);
            batch.Add($"queue signal {signal}", call, [.. target, (ulong)signal, place.Address]);
        }
    }
}
