using Checkpointer.Scheduler.Jobs;

namespace Checkpointer.Scheduler.Cli.Rendering;

/// <summary>Progress on standard error where that is a terminal, else none.</summary>
internal sealed class ProgressDisplay(Terminal terminal, TimeProvider time) : IProgressDisplay
{
    /// <inheritdoc/>
    public IProgressTask Start(string label, long totalBytes)
        => terminal.IsErrorTerminal ? new ProgressLine(terminal.Error, time, label, totalBytes) : new Silent();

    private sealed class Silent : IProgressTask
    {
        public void Report(long value)
        {
        }

        public void Dispose()
        {
        }
    }
}
