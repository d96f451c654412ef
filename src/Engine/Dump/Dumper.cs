using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// One dump: preflight, freeze, collect, capture, thaw, deliver. Precondition: runs on a tracer thread.
/// </summary>
internal sealed class Dumper(EngineOptions options, ICapture capture, Action<string> step, ILogger logger)
{
    /// <summary>Dumps the tree under <paramref name="root"/> to the sink.</summary>
    public DumpReport Dump(ProcessId root, ICheckpointSink sink, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        var preflight = new Preflight();
        var notes = Accept(preflight.Examine(root));
        Rehearsal.Once(options, capture);
        cancellation.ThrowIfCancellationRequested();
        var identity = ProcFs.IdentityOf(root) ?? throw new EngineException(EngineFailure.NoSuchProcess, $"Process {root} has ended.");
        using var job = new Freezer(options, step).Freeze(root);
        using var state = new FrozenState(preflight.Identities, preflight.Pipes, step);
        var threads = job.Processes.Sum(process => process.Threads.Count);
        state.Collect(job);
        state.Findings.ThrowIfRefused();
        step("capture memory");
        using var pages = capture.Take(state.Sources, sink);
        step("thaw");
        var freezeTime = job.Thaw();
        DumpLog.Thawed(logger, root.Value, job.Processes.Count, threads, freezeTime.TotalMilliseconds);
        step("deliver");
        foreach (var (name, image) in state.Images)
        {
            sink.PutImage(name, image.ToByteArray());
        }

        pages.Deliver(bytesDone, cancellation);
        var populated = state.Sources.Sum(source => source.Bytes);
        return new DumpReport(
            identity, "full", "compare", capture.Name, freezeTime, job.Processes.Count, threads, populated, populated,
            [.. notes.Union(state.Findings.Notes)]);
    }

    private static List<Finding> Accept(PreflightReport report)
    {
        var findings = report.Findings.ToLookup(finding => finding.Severity);
        return findings.Contains(FindingSeverity.Refusal)
            ? throw new UnsupportedResourceException([.. findings[FindingSeverity.Refusal]])
            : [.. findings[FindingSeverity.Note]];
    }
}
