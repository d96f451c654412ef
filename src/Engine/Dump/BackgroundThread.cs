using System.Runtime.ExceptionServices;
using Checkpointer.Engine.Interop;

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
    public static void Run(string name, int nice, Action operation)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
#pragma warning disable CA1031 // Every exception is rethrown on the caller's thread.
            try
            {
                // Only slower for others where it fails; the kernel never refuses to be nicer.
                _ = Libc.setpriority(ProcessPriority.PRIO_PROCESS, Libc.gettid(), nice);
                operation();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
#pragma warning restore CA1031
        })
        {
            Name = name,
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
    }
}
