using System.Collections.Concurrent;

namespace Checkpointer.Engine.Support;

/// <summary>
/// Threads that stand for processes whose main thread has exited while others run. The kernel's entry of such a process shows no memory and no files any
/// more, but that of any of its threads does: /proc/TID is there for each, though only processes are listed.
/// </summary>
internal static class StandIns
{
    private static readonly ConcurrentDictionary<int, int> _threads = new();

    /// <summary>Names a thread that stands for a process; null where its main thread runs.</summary>
    public static void Set(ProcessId process, ThreadId? thread)
    {
        if (thread is { } standIn)
        {
            _threads[process.Value] = standIn.Value;
        }
        else if (!_threads.IsEmpty)
        {
            _ = _threads.TryRemove(process.Value, out _);
        }
    }

    /// <summary>The ID to ask for memory and files of a process: its own, or that of a thread.</summary>
    public static int Of(int process) => _threads.IsEmpty ? process : _threads.GetValueOrDefault(process, process);
}
