using System.Collections;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Jobs;

namespace Checkpointer.Scheduler.Composition;

/// <summary>Runs commands as children of this process. What they print goes where our output goes.</summary>
internal sealed class LocalCommands(TimeProvider time) : ICommandRunner, IDisposable
{
    private const int Kill = 9;

    /// <summary>A child is reaped as soon as it has ended: nobody else is to be waited for.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    private readonly ProcessWatcher _watcher = new();

    /// <inheritdoc/>
    public async Task<ProcessEnd?> RunAsync(IReadOnlyList<string> command, IReadOnlyDictionary<string, string> variables, TimeSpan limit)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            environment[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        foreach ((string name, string value) in variables)
        {
            // What comes after a zero byte would be lost without a word.
            environment[name] = value.Replace('\0', ' ');
        }

        ProcessIdentity child = ProcessLauncher.Start(new LaunchRequest(command[0], [.. command.Skip(1)]) { Environment = environment });
        var ended = new TaskCompletionSource<ProcessEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        _watcher.Watch(child, process =>
        {
            using (process)
            {
                ended.TrySetResult(process.Collect(_patience));
            }
        });
        try
        {
            return await ended.Task.WaitAsync(limit, time);
        }
        catch (TimeoutException)
        {
            _ = ProcessLauncher.TrySignal(child, Kill);
            _ = await ended.Task;
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _watcher.Dispose();
}
