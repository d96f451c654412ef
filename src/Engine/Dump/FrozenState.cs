using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Checkpointer.Engine.Tracking;
using Google.Protobuf;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// Everything that is taken from a job while it is frozen, except the pages themselves: images, what is not carried, and where the pages are.
/// </summary>
/// <param name="identities">Files that preflight has looked at already.</param>
/// <param name="examinedPipes">Pipes whose holders preflight has looked for already.</param>
/// <param name="step">Told before each step.</param>
internal sealed class FrozenState(FileIdentities identities, IReadOnlySet<ulong> examinedPipes, Action<string> step) : IDisposable
{
    private readonly List<KeyValuePair<string, IMessage>> _images = [];
    private readonly List<CaptureSource> _sources = [];
    private readonly List<IDisposable> _readers = [];

    /// <summary>What is not carried, or carried with a difference.</summary>
    public FindingList Findings { get; } = new();

    /// <summary>Images by name.</summary>
    public IReadOnlyList<KeyValuePair<string, IMessage>> Images => _images;

    /// <summary>Pages to take; readable until the thaw.</summary>
    public IReadOnlyList<CaptureSource> Sources => _sources;

    /// <summary>Takes the state of a frozen job. The caller looks at the findings.</summary>
    public void Collect(FrozenJob job)
    {
        var processes = job.Processes.Select(process => process.Id).ToList();
        step("inspect");
        ProcessInspector.Inspect(new ProcessTree(processes, job.Zombies), Findings);
        var mappings = new MappingCollector(Findings, identities);
        var spaces = job.Processes.ToDictionary(process => process.Id, process => mappings.Collect(process.Id, process.Vmas));
        step("collect descriptors");
        var descriptors = new DescriptorCollector(Findings);
        var files = descriptors.Collect(processes, examinedPipes);
        files.Pipes.AddRange(descriptors.Pipes.Select(PipeContents.Read));
        foreach (var process in job.Processes)
        {
            CollectProcess(process, spaces[process.Id], job.Zombies);
        }

        foreach (var shared in mappings.SharedObjects)
        {
            AddSource(shared);
        }

        Add(ImageVersion.Inventory, InventoryCollector.Collect(job, mappings.SharedObjects));
        Add(ImageVersion.Files, files);
    }

    /// <inheritdoc/>
    public void Dispose() => _readers.ForEach(reader => reader.Dispose());

    private void CollectProcess(FrozenProcess process, List<Mapping> mappings, IReadOnlyList<ProcessId> zombies)
    {
        step($"open the gate of {process.Id}");
        process.OpenGate();
        step($"collect {process.Id}");
        var image = new ProcessCollector(process, identities, Findings).Collect();
        image.Zombies.AddRange(ZombieCollector.ChildrenOf(process.Id, zombies));
        var space = AddressSpaceCollector.Collect(process, mappings);
        process.CloseGate();
        step($"scan pages of {process.Id}");
        _sources.Add(new CaptureSource(ImageVersion.Memory(process.Id.Value), OwnPages(process.Id, space), new MemoryReader(process.Memory)));
        Add(ImageVersion.Process(process.Id.Value), image);
        Add(ImageVersion.Memory(process.Id.Value), space);
    }

    private static List<PageRange> OwnPages(ProcessId process, AddressSpace space)
    {
        var ranges = new List<PageRange>();
        var guards = new List<PageRange>();
        using var pages = PageMap.Open(process);
        foreach (var mapping in space.Mappings.Where(mapping => !mapping.IsShared && mapping.Kind != Mapping.Types.Kind.Vdso))
        {
            pages.AddOwnPages(mapping.Start, mapping.End, ranges);
            pages.AddGuardPages(mapping.Start, mapping.End, guards);
        }

        space.Guards.AddRange(guards.Select(guard => new GuardPages { Start = guard.Start, End = guard.End }));
        return ranges;
    }

    private void AddSource(SharedObject shared)
    {
        var number = Libc.open(shared.OpenPath, FileFlag.O_RDONLY | FileFlag.O_CLOEXEC, 0);
        LinuxException.ThrowIfFailed(number, $"open of {shared.OpenPath}");
        var fd = new SafeFd(number);
        var reader = new ObjectReader(fd, shared.Path ?? "shared memory");
        _readers.Add(reader);
        _sources.Add(new CaptureSource(shared.ContentName, DataRanges.Of(fd, shared.Bytes, shared.OpenPath), reader));
    }

    private void Add(string name, IMessage image) => _images.Add(KeyValuePair.Create(name, image));
}
