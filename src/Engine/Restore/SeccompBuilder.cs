using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Tracing;
using Google.Protobuf.Collections;
using Task = Checkpointer.Engine.Interop.Task;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Confines threads by seccomp again. Filters that all threads begin with are installed for all at once (TSYNC), because the kernel tells by that whether they have
/// the same ones. None judges a call before the threads are let go, so all else can still be done.
/// </summary>
internal sealed class SeccompBuilder(RestoredProcess process)
{
    private const int TraceOptions = Ptrace.PTRACE_O_TRACESYSGOOD | Ptrace.PTRACE_O_EXITKILL;

    /// <summary>Installs all of it. Precondition: threads exist, and have all rights yet.</summary>
    public void Install()
    {
        var images = process.Images.Process.Threads;
        if (images.All(thread => thread.SeccompMode == 0))
        {
            return;
        }

        foreach (var (tracee, image) in process.Threads.Zip(images).Where(thread => thread.Second.SeccompMode != 0))
        {
            tracee.IsConfined = true;
            tracee.SetOptions(TraceOptions);
        }

        var common = Enumerable.Range(0, images.Min(thread => thread.SeccompFilters.Count))
            .TakeWhile(index => images.All(thread => thread.SeccompFilters[index] == images[0].SeccompFilters[index])).Count();
        Install(process.Leader, images[0].SeccompFilters, 0, common, Seccomp.SECCOMP_FILTER_FLAG_TSYNC);
        foreach (var (tracee, image) in process.Threads.Zip(images))
        {
            Install(tracee, image.SeccompFilters, common, image.SeccompFilters.Count, 0);
            if (image.SeccompMode == Seccomp.SECCOMP_MODE_STRICT)
            {
                using var injection = process.Inject(tracee);
                injection.Call(Sys.Prctl, Task.PR_SET_SECCOMP, Seccomp.SECCOMP_MODE_STRICT).OrThrow($"prctl(PR_SET_SECCOMP) of thread {tracee.Thread}");
            }
        }
    }

    private void Install(Tracee tracee, RepeatedField<uint> filters, int start, int end, ulong flags)
    {
        const int InstructionBytes = 8;
        const ulong ProgramAt = 64;
        for (var index = start; index < end; index++)
        {
            var filter = process.Images.Process.SeccompFilters[(int)filters[index]];
            process.Memory.Write(process.Arguments, new sock_fprog { len = (ushort)(filter.Program.Length / InstructionBytes), filter = (process.Arguments + ProgramAt).Address });
            process.Memory.Write(process.Arguments + ProgramAt, filter.Program.Span);
            using var injection = process.Inject(tracee);
            injection.Call(Sys.Seccomp, Seccomp.SECCOMP_SET_MODE_FILTER, filter.Flags | flags, process.Arguments.Address).OrThrow($"seccomp of thread {tracee.Thread}");
        }
    }
}
