using Checkpointer.Engine;

namespace Checkpointer.Scheduler.Jobs;

/// <summary>Runs commands that an administrator has named, without a shell.</summary>
internal interface ICommandRunner
{
    /// <summary>Runs one to its end.</summary>
    /// <param name="command">Absolute path and arguments.</param>
    /// <param name="variables">Environment variables beside ours.</param>
    /// <param name="limit">After this long it is killed.</param>
    /// <returns>How it ended; null where it was killed because it took too long.</returns>
    /// <exception cref="EngineException">It could not be started.</exception>
    Task<ProcessEnd?> RunAsync(IReadOnlyList<string> command, IReadOnlyDictionary<string, string> variables, TimeSpan limit);
}
