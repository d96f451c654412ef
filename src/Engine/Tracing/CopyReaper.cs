using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// Reaps the zombie of a stopped copy. Its parent is the job, and only a parent can: by an injected wait4. Precondition: runs on the tracer thread.
/// </summary>
internal static class CopyReaper
{
    // Kernel functions that end with EINTR when we interrupt them (signal(7)): threads that wait there are asked last.
    private static readonly string[] _unlucky = ["ep_poll", "do_sigtimedwait", "do_semtimedop", "read_events"];

    // One running or sleeping thread stops in well under a millisecond; one that does not is in uninterruptible sleep.
    private static readonly TimeSpan _patience = TimeSpan.FromMilliseconds(100);

    /// <summary>Reaps it through an open injection; true where nothing of it is left.</summary>
    public static bool TryReap(SyscallInjection injection, ProcessId copy)
    {
        // __WCLONE: a child with exit signal 0 is not seen by waits without it, neither by those of the job.
        var result = injection.Call(Sys.Wait4, (ulong)copy.Value, 0, WaitOption.WNOHANG | WaitOption.__WCLONE, 0);
        return result.Raw == copy.Value || result.Errno == Errno.ECHILD;
    }

    /// <summary>Reaps it in a parent that runs, by stopping one of its threads for some microseconds; true where nothing of it is left.</summary>
    public static bool TryReap(ProcessId parent, ProcessId copy, TimeSpan timeout, Action<string> step)
    {
        // A parent that ended has left it to init.
        return !IsLeft(parent, copy)
            || ThreadsOf(parent).Any(thread => TryReapIn(thread, parent, copy, timeout, step))
            || !IsLeft(parent, copy);
    }

    private static bool IsLeft(ProcessId parent, ProcessId copy) => ProcFs.TryStat(copy) is { } stat && stat.ParentPid == parent.Value;

    private static IEnumerable<ThreadId> ThreadsOf(ProcessId parent) =>
        (ProcFs.TryThreads(parent) ?? []).OrderBy(thread => ProcFs.TryStat(parent, thread) switch
        {
            { State: 'R' } => 0,
            { State: 'S' } when !_unlucky.Contains(ProcFs.WaitChannel(parent, thread)) => 1,
            _ => 2,
        });

    private static bool TryReapIn(ThreadId thread, ProcessId parent, ProcessId copy, TimeSpan timeout, Action<string> step)
    {
        try
        {
            step($"reap the copy {copy} in {thread}");
            if (Tracee.TrySeize(thread, parent, Ptrace.PTRACE_O_TRACESYSGOOD) is not { } tracee)
            {
                return false;
            }

            tracee.Interrupt();
            // Where it neither stops nor dies the kernel lets go of it when this thread ends.
            return tracee.StopsWithin(_patience) == true && TryReapIn(tracee, parent, copy, timeout, step);
        }
        catch (EngineException)
        {
            // It ended, or its process called exec, which ends all threads but one: another one is asked.
            return false;
        }
    }

    private static bool TryReapIn(Tracee tracee, ProcessId parent, ProcessId copy, TimeSpan timeout, Action<string> step)
    {
        using var memory = RemoteMemory.Open(parent);
        var thread = FrozenThread.Capture(tracee, memory);
        try
        {
            using var injection = Bootstrap.TryOpen([thread], ProcFs.Maps(parent), memory, timeout, step);
            return injection is not null && TryReap(injection, copy);
        }
        finally
        {
            thread.SendHome();
            tracee.Detach();
        }
    }
}
