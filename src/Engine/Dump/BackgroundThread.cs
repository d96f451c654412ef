using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// Runs the part of a dump that goes on beside the job at a nice level of its own, on a thread of its own: a nice level belongs to one thread, and the
/// tracer thread must never wait for the processor while it holds threads of the job.
/// </summary>
internal static class BackgroundThread
{
    /// <summary>Runs to the end and hands on the exception.</summary>
    /// <param name="name">Name of the thread.</param>
    /// <param name="nice">Nice level, 0 to 19.</param>
    /// <param name="operation">What to run.</param>
    public static void Run(string name, int nice, Action operation) => OwnThread.Run(name, 0, () =>
    {
        if (nice > Libc.getpriority(ProcessPriority.PRIO_PROCESS, Libc.gettid()))
        {
            // The kernel never refuses to be nicer.
            _ = Libc.setpriority(ProcessPriority.PRIO_PROCESS, Libc.gettid(), nice);
        }

        operation();
        return true;
    });
}
