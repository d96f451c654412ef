namespace Checkpointer.Scheduler.Cli;

/// <summary>Where the command line, which has one thread and nothing else to do, waits for what is asynchronous.</summary>
internal static class Blocking
{
    /// <summary>Runs to the end.</summary>
#pragma warning disable VSTHRD002 // No context to come back to: this is the main thread of a console program.
    public static void Run(Func<Task> work) => Task.Run(work).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
}
