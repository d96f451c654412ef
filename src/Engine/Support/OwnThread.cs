using System.Runtime.ExceptionServices;

namespace Checkpointer.Engine.Support;

/// <summary>Runs an operation on an OS thread of its own, for what belongs to one thread: tracing, a nice level.</summary>
internal static class OwnThread
{
    /// <summary>Runs to the end and hands on the result or the exception.</summary>
    /// <param name="name">Name of the thread.</param>
    /// <param name="stackBytes">Size of its stack; 0 for the usual one.</param>
    /// <param name="operation">What to run.</param>
    public static T Run<T>(string name, int stackBytes, Func<T> operation)
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
            stackBytes)
        {
            Name = name,
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }
}
