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

    /// <summary>The image of a thread. Precondition: the gate is open, and no injection is.</summary>
    /// <param name="thread">The thread.</param>
    /// <param name="askMore">Adds what it is to tell of its process.</param>
    public Images.Thread Collect(FrozenThread thread, Action<Questions>? askMore = null)
    {
        var status = ProcFs.Status(process.Id, thread.Id);
        var image = new Images.Thread
        {
            Tid = thread.Id.Value,
            SignalMask = thread.SignalMask,
            RseqAddress = thread.Rseq.rseq_abi_pointer,
            RseqBytes = thread.Rseq.rseq_abi_size,
            RseqSignature = thread.Rseq.signature,
            CoreX64 = Core(thread),
        };
        image.PendingSignals.AddRange(Pending(thread.Tracee, shared: false));
        AddRobustList(image, thread.Id);
        AddFacts(image, thread.Id, status);
        var questions = new Questions(process.Gate!.Value);
        askMore?.Invoke(questions);
        Ask(image, questions);
        questions.Put(process, thread, status);
        return image;
    }

    /// <summary>Pending signals of a thread or of its process.</summary>
    public static IEnumerable<PendingSignal> Pending(Tracee tracee, bool shared) =>
        tracee.GetPendingSignals(shared).Select(siginfo => new PendingSignal { Siginfo = ByteString.CopyFrom(siginfo) });

    private static void Ask(Images.Thread image, Questions questions)
    {
        questions.AskFor<stack_t>("sigaltstack", Sys.Sigaltstack, at => [0, at], stack => image.AlternateStack = new AlternateStack
        {
            Address = stack.ss_sp,
            Bytes = stack.ss_size,
            Flags = (uint)stack.ss_flags,
        });
        questions.AskFor<int>("prctl(PR_GET_PDEATHSIG)", Sys.Prctl, at => [Task.PR_GET_PDEATHSIG, at], signal => image.ParentDeathSignal = signal);
        questions.Ask("prctl(PR_GET_TIMERSLACK)", Sys.Prctl, [Task.PR_GET_TIMERSLACK], slack => image.TimerSlackNs = slack);
        questions.AskFor<ulong>("prctl(PR_GET_TID_ADDRESS)", Sys.Prctl, at => [Task.PR_GET_TID_ADDRESS, at], address => image.TidAddress = address);
        questions.Ask("prctl(PR_GET_SECUREBITS)", Sys.Prctl, [Task.PR_GET_SECUREBITS], bits => image.Credentials.SecureBits = (uint)bits);
    }

    private CoreX64 Core(FrozenThread thread)
    {
        if (thread.EndsCallEarly)
        {
            findings.Note(
                process.Id, "thread",
                $"Thread {thread.Id} waits in a system call that cannot be named; after a restore that call ends with EINTR.");
        }

        return CoreImage.From(thread.SelfContained, thread.Tracee.GetExtendedState());
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

    private void AddFacts(Images.Thread image, ThreadId thread, ProcStatus status)
    {
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
