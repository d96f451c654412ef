using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Google.Protobuf;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Resources;

/// <summary>Takes the state of one frozen thread.</summary>
internal sealed class ThreadCollector(FrozenProcess process, FindingList findings)
{
    private const int IoprioWhoProcess = 1;
    private const int AffinityBytes = 1024;

    /// <summary>The image of a thread. <paramref name="injection"/> is open on it.</summary>
    public Images.Thread Collect(FrozenThread thread, SyscallInjection injection)
    {
        var gate = process.Gate!.Value;
        var image = new Images.Thread
        {
            Tid = thread.Id.Value,
            SignalMask = thread.SignalMask,
            RseqAddress = thread.Rseq.rseq_abi_pointer,
            RseqBytes = thread.Rseq.rseq_abi_size,
            RseqSignature = thread.Rseq.signature,
            CoreX64 = Core(thread),
            AlternateStack = AlternateStack(injection, gate),
            ParentDeathSignal = GetInt(injection, gate, Task.PR_GET_PDEATHSIG),
            TimerSlackNs = injection.Call(Sys.Prctl, Task.PR_GET_TIMERSLACK).OrThrow("prctl(PR_GET_TIMERSLACK)"),
        };
        injection.Call(Sys.Prctl, Task.PR_GET_TID_ADDRESS, gate.Data.Address).OrThrow("prctl(PR_GET_TID_ADDRESS)");
        image.TidAddress = process.Memory.Read<ulong>(gate.Data);
        image.PendingSignals.AddRange(Pending(thread.Tracee, shared: false));
        AddRobustList(image, thread.Id);
        AddFacts(image, thread.Id, injection);
        return image;
    }

    /// <summary>Pending signals of a thread or of its process.</summary>
    public static IEnumerable<PendingSignal> Pending(Tracee tracee, bool shared) =>
        tracee.GetPendingSignals(shared).Select(siginfo => new PendingSignal { Siginfo = ByteString.CopyFrom(siginfo) });

    /// <summary>A prctl that stores an int where its first argument points.</summary>
    public int GetInt(SyscallInjection injection, Gate gate, int option)
    {
        injection.Call(Sys.Prctl, (ulong)option, gate.Data.Address).OrThrow($"prctl({option})");
        return process.Memory.Read<int>(gate.Data);
    }

    private CoreX64 Core(FrozenThread thread)
    {
        var registers = SyscallRestart.ForImage(thread.Home, CodeBefore(thread.Home), thread.Tracee.WaitChannel, out var endsEarly);
        if (endsEarly)
        {
            findings.Note(
                process.Id, "thread",
                $"Thread {thread.Id} waits in a system call that cannot be named; after a restore that call ends with EINTR.");
        }

        return CoreImage.From(registers, thread.Tracee.GetExtendedState());
    }

    private byte[] CodeBefore(RegisterSet registers)
    {
        var code = new byte[SyscallRestart.CodeBytesBefore];
        var start = registers.InstructionPointer - RegisterSet.SyscallInstructionBytes - SyscallRestart.CodeBytesBefore;
        return registers.NeedsRestartBlock && process.Memory.TryRead(start, code) == code.Length ? code : [];
    }

    private AlternateStack AlternateStack(SyscallInjection injection, Gate gate)
    {
        injection.Call(Sys.Sigaltstack, 0, gate.Data.Address).OrThrow("sigaltstack");
        var stack = process.Memory.Read<stack_t>(gate.Data);
        return new AlternateStack { Address = stack.ss_sp, Bytes = stack.ss_size, Flags = (uint)stack.ss_flags };
    }

    private static unsafe void AddRobustList(Images.Thread image, ThreadId thread)
    {
        ulong head = 0;
        ulong bytes = 0;
        LinuxException.ThrowIfFailed(
            Libc.syscall((nint)Sys.GetRobustList, thread.Value, (nint)(&head), (nint)(&bytes), 0, 0), $"get_robust_list of thread {thread}");
        image.RobustList = head;
        image.RobustListBytes = bytes;
    }

    private void AddFacts(Images.Thread image, ThreadId thread, SyscallInjection injection)
    {
        var status = ProcFs.Status(process.Id, thread);
        var stat = ProcFs.Stat(process.Id, thread);
        image.Name = ByteString.CopyFrom(stat.CommBytes.Span);
        image.SeccompMode = (uint)(status.Seccomp ?? 0);
        image.Scheduling = new Scheduling
        {
            Policy = Policy(thread),
            Nice = stat.Nice,
            Priority = stat.RtPriority,
            Affinity = Affinity(thread),
            IoPriority = IoPriority(thread),
        };
        image.Credentials = new Credentials
        {
            Inheritable = status.CapInh,
            Permitted = status.CapPrm,
            Effective = status.CapEff,
            Bounding = status.CapBnd,
            Ambient = status.CapAmb ?? 0,
            NoNewPrivileges = status.NoNewPrivs ?? false,
            SecureBits = (uint)injection.Call(Sys.Prctl, Task.PR_GET_SECUREBITS).OrThrow("prctl(PR_GET_SECUREBITS)"),
        };
        image.Credentials.Uids.AddRange(status.Uid);
        image.Credentials.Gids.AddRange(status.Gid);
        image.Credentials.Groups.AddRange(status.Groups);
    }

    private static uint Policy(ThreadId thread)
    {
        var policy = Libc.syscall((nint)Sys.SchedGetscheduler, thread.Value, 0, 0, 0, 0);
        LinuxException.ThrowIfFailed(policy, $"sched_getscheduler of thread {thread}");
        return (uint)policy;
    }

    private static uint IoPriority(ThreadId thread)
    {
        var priority = Libc.syscall((nint)Sys.IoprioGet, IoprioWhoProcess, thread.Value, 0, 0, 0);
        LinuxException.ThrowIfFailed(priority, $"ioprio_get of thread {thread}");
        return (uint)priority;
    }

    private static unsafe ByteString Affinity(ThreadId thread)
    {
        var mask = stackalloc byte[AffinityBytes];
        // glibc fills the rest of the mask with zeros.
        LinuxException.ThrowIfFailed(Libc.sched_getaffinity(thread.Value, AffinityBytes, mask), $"sched_getaffinity of thread {thread}");
        return ByteString.CopyFrom(new ReadOnlySpan<byte>(mask, AffinityBytes).TrimEnd((byte)0));
    }
}
