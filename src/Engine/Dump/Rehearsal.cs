using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// Freezes and collects a process of our own before the first job, so that no job stands still while our code is compiled and loaded. Precondition:
/// runs on a tracer thread.
/// </summary>
internal static class Rehearsal
{
    private static int _isDone;

    /// <summary>Rehearses once in the life of this program. A rehearsal that fails tells nothing about the job: the dump itself will say.</summary>
    public static void Once(EngineOptions options, ICapture capture)
    {
        if (Interlocked.Exchange(ref _isDone, 1) != 0)
        {
            return;
        }

        var process = Stub.Spawn();
        try
        {
            using var job = new Freezer(options, static _ => { }).Freeze(process);
            using var state = new FrozenState(new FileIdentities(), new HashSet<ulong>(), static _ => { });
            state.Collect(job);
            capture.Take(state.Sources, new NoSink()).Dispose();
            job.Thaw();
        }
        catch (EngineException)
        {
            // Slower, nothing else.
        }
        finally
        {
            Children.KillAndReap(process);
        }
    }

    private sealed class NoSink : ICheckpointSink, IPageSink
    {
        public bool HasBase => false;

        public void PutImage(string name, ReadOnlySpan<byte> image)
        {
        }

        public IPageSink OpenPages(string name) => this;

        public void Write(ulong address, ReadOnlySpan<byte> pages)
        {
        }

        public void Clear(ulong address, ulong length)
        {
        }

        public void Dispose()
        {
        }
    }
}
