using System.Runtime.ExceptionServices;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// Runs one operation on an OS thread of its own. ptrace requests from any other thread get ESRCH; and when the thread ends, whatever it
/// still traces is detached by the kernel (or killed, where it was under restore).
/// </summary>
internal static class TracerThread
{
    // The engine recurses nowhere; 1 MiB also holds the stack buffers of Tracee.
    private const int StackBytes = 1 << 20;

    /// <summary>Runs to the end and hands on the result or the exception.</summary>
    public static T Run<T>(string name, Func<T> operation)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(
            () =>
            {
#pragma warning disable CA1031 // Every exception is rethrown on the caller's thread.
                try
                {
                    result = operation();
                }
                catch (Exception exception)
                {
                    failure = ExceptionDispatchInfo.Capture(exception);
                }
#pragma warning restore CA1031
            },
            StackBytes)
        {
            Name = name,
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }
}
