using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// Freezes and collects a process of our own before the first job, so that no job stands still while our code is compiled and loaded. Precondition:
/// runs on a tracer thread.
/// </summary>
internal static class Rehearsal
{
    private static int _isDone;

    /// <summary>Rehearses once in the life of this program. A rehearsal that fails tells nothing about the job: the dump itself will say.</summary>
    public static void Once(EngineOptions options)
    {
        if (Interlocked.Exchange(ref _isDone, 1) != 0)
        {
            return;
        }

        var process = Stub.Spawn();
        try
        {
            Rehearse(options, process);
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

    private static void Rehearse(EngineOptions options, ProcessId process)
    {
        CopyBuffer.Rehearse();
        FileCapture.Rehearse();
        using var memory = new JobMemory(options);
        using var contents = new OpenContents(new NoSink());
        using var job = new Freezer(options, static _ => { }).Freeze(process);
        using var state = new FrozenState(new FileIdentities(), new HashSet<string>(), DumpChoices.Default, process, connections: null, static _ => { });
        state.Collect(job);
        state.SettlePages(job, memory);
        using (var capture = new Capture(new EngineOptions { Capture = CaptureChoice.Clone }, static _ => { }, NullLogger.Instance))
        {
            capture.Take(state.Sources, contents);
        } // the copy is reaped in the frozen process: without a stack of its own it cannot do that while it runs

        job.Thaw();
    }
}
