using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Checkpointer.Engine.Tracking;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// One dump: preflight, freeze, collect, capture, thaw, deliver. Precondition: runs on a tracer thread.
/// </summary>
internal sealed class Dumper(EngineOptions options, ICapture capture, Action<string> step, ILogger logger)
{
    private readonly FindingList _findings = new();
    private readonly FileIdentities _identities = new();
    private readonly List<KeyValuePair<string, IMessage>> _images = [];
    private readonly List<CaptureSource> _sources = [];
    private readonly List<IDisposable> _openReaders = [];

    /// <summary>Dumps the tree under <paramref name="root"/> to the sink.</summary>
    public DumpReport Dump(ProcessId root, ICheckpointSink sink, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        var notes = RefuseByPreflight(root);
        cancellation.ThrowIfCancellationRequested();
        var identity = ProcFs.IdentityOf(root) ?? throw new EngineException(EngineFailure.NoSuchProcess, $"Process {root} has ended.");
        using var job = new Freezer(options, step).Freeze(root);
        try
        {
            var threads = job.Processes.Sum(process => process.Threads.Count);
            Collect(job);
            _findings.ThrowIfRefused();
            step("capture memory");
            using var pages = capture.Take(_sources, sink);
            step("thaw");
            var freezeTime = job.Thaw();
            DumpLog.Thawed(logger, root.Value, job.Processes.Count, threads, freezeTime.TotalMilliseconds);
            step("deliver");
            Deliver(sink, pages, bytesDone, cancellation);
            var populated = _sources.Sum(source => source.Bytes);
            return new DumpReport(
                identity, "full", "compare", capture.Name, freezeTime, job.Processes.Count, threads, populated, populated,
                [.. notes.Union(_findings.Notes)]);
        }
        finally
        {
            _openReaders.ForEach(reader => reader.Dispose());
        }
    }

    private static List<Finding> RefuseByPreflight(ProcessId root)
    {
        var findings = Preflight.Examine(root).Findings.ToLookup(finding => finding.Severity);
        return findings.Contains(FindingSeverity.Refusal)
            ? throw new UnsupportedResourceException([.. findings[FindingSeverity.Refusal]])
            : [.. findings[FindingSeverity.Note]];
    }

    private void Collect(FrozenJob job)
    {
        var ids = job.Processes.Select(process => process.Id).ToList();
        step("inspect");
        ProcessInspector.Inspect(new ProcessTree(ids, job.Zombies), _findings);
        var mappings = new MappingCollector(_findings, _identities);
        var spaces = job.Processes.ToDictionary(process => process.Id, process => mappings.Collect(process.Id, process.Vmas));
        step("collect descriptors");
        var descriptors = new DescriptorCollector(_findings);
        var files = descriptors.Collect(ids);
        _findings.ThrowIfRefused();
        files.Pipes.AddRange(descriptors.Pipes.Select(PipeContents.Read));
        foreach (var process in job.Processes)
        {
            CollectProcess(process, spaces[process.Id], job);
        }

        var inventory = InventoryCollector.Collect(job, mappings.SharedObjects);
        foreach (var shared in mappings.SharedObjects)
        {
            AddSource(shared);
        }

        Add(ImageVersion.Inventory, inventory);
        Add(ImageVersion.Files, files);
    }

    private void CollectProcess(FrozenProcess process, List<Mapping> mappings, FrozenJob job)
    {
        step($"open the gate of {process.Id}");
        process.OpenGate();
        step($"collect {process.Id}");
        var image = new ProcessCollector(process, _identities, _findings).Collect();
        image.Zombies.AddRange(ZombieCollector.ChildrenOf(process.Id, job.Zombies));
        var space = AddressSpaceCollector.Collect(process, mappings);
        process.CloseGate();
        Add(ImageVersion.Process(process.Id.Value), image);
        Add(ImageVersion.Memory(process.Id.Value), space);
        step($"scan pages of {process.Id}");
        var guards = new List<PageRange>();
        var ranges = OwnPages(process.Id, mappings, guards);
        space.Guards.AddRange(guards.Select(guard => new GuardPages { Start = guard.Start, End = guard.End }));
        _sources.Add(new CaptureSource(ImageVersion.Memory(process.Id.Value), ranges, new MemoryReader(process.Memory)));
    }

    private static List<PageRange> OwnPages(ProcessId process, List<Mapping> mappings, List<PageRange> guards)
    {
        var ranges = new List<PageRange>();
        using var pages = PageMap.Open(process);
        foreach (var mapping in mappings.Where(mapping => !mapping.IsShared && mapping.Kind != Mapping.Types.Kind.Vdso))
        {
            pages.AddOwnPages(mapping.Start, mapping.End, ranges);
            pages.AddGuardPages(mapping.Start, mapping.End, guards);
        }

        return ranges;
    }

    private void AddSource(SharedObject shared)
    {
        var number = Libc.open(shared.OpenPath, FileFlag.O_RDONLY | FileFlag.O_CLOEXEC, 0);
        LinuxException.ThrowIfFailed(number, $"open of {shared.OpenPath}");
        var fd = new SafeFd(number);
        var reader = new ObjectReader(fd, shared.Path ?? "shared memory");
        _openReaders.Add(reader);
        _sources.Add(new CaptureSource(shared.ContentName, DataRanges.Of(fd, shared.Bytes, shared.OpenPath), reader));
    }

    private void Deliver(ICheckpointSink sink, ICapturedPages pages, IProgress<long>? bytesDone, CancellationToken cancellation)
    {
        foreach (var (name, image) in _images)
        {
            sink.PutImage(name, image.ToByteArray());
        }

        pages.Deliver(bytesDone, cancellation);
    }

    private void Add(string name, IMessage image) => _images.Add(KeyValuePair.Create(name, image));
}
