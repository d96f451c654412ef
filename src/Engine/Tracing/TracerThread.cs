using Checkpointer.Engine.Support;

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
    public static T Run<T>(string name, Func<T> operation) => OwnThread.Run(name, StackBytes, operation);
}
