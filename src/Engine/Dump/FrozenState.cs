using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
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
/// <param name="examined">Pipes and terminals whose holders preflight has looked for already.</param>
/// <param name="choices">What is done about state that cannot be carried as it is.</param>
/// <param name="scope">The job.</param>
/// <param name="connections">Holds connections that lead out of the job, which is stopped after this dump; null where they are not kept.</param>
/// <param name="step">Told before each step.</param>
internal sealed class FrozenState(
    FileIdentities identities, IReadOnlySet<string> examined, DumpChoices choices, JobScope scope, ConnectionLock? connections, Action<string> step) : IDisposable
{
    private readonly List<KeyValuePair<string, IMessage>> _images = [];
    private readonly List<CaptureSource> _sources = [];
    private readonly HashSet<string> _trackers = [];
    private readonly List<IDisposable> _readers = [];
    private readonly Dictionary<ProcessId, AddressSpace> _spaces = [];
    private readonly SharedObjectTable _objects = new();
    private readonly CgroupCollector _cgroups = new();
    private Inventory _inventory = new();
    private SystemV _systemV = new();
    private RemovedFiles _removed = new();

    /// <summary>What is not carried, or carried with a difference.</summary>
    public FindingList Findings { get; } = new();

    /// <summary>Images by name.</summary>
    public IReadOnlyList<KeyValuePair<string, IMessage>> Images => _images;

    /// <summary>Pages to take; readable until the thaw.</summary>
    public IReadOnlyList<CaptureSource> Sources => _sources;

    /// <summary>Open files of the job.</summary>
    public Files Files { get; private set; } = new();

    /// <summary>Objects whose bytes belong to the generation.</summary>
    public SharedObjectTable Objects => _objects;

    /// <summary>Names of the trackers asked, joined by commas.</summary>
    public string Trackers => string.Join(',', _trackers.Order(StringComparer.Ordinal));

    /// <summary>Takes the state of a frozen job, all but its pages; the gates stay open. The caller looks at the findings.</summary>
    public void Collect(FrozenJob job)
    {
        var tree = new ProcessTree([.. job.Processes.Select(process => process.Id)], job.Zombies, scope.Cgroup is not null);
        step("inspect");
        var sharing = ProcessSharing.Of(tree.Live);
        ProcessInspector.Inspect(tree, sharing, Findings);
        var mappings = new MappingCollector(Findings, identities, _objects);
        var spaces = job.Processes.ToDictionary(process => process.Id, process => mappings.Collect(process.Id, process.Vmas));
        step("collect System V objects");
        var systemV = new SystemVCollector(tree, Findings, _objects);
        _readers.Add(systemV);
        _systemV = systemV.Collect([.. job.Processes.SelectMany(process => process.Vmas)], isFrozen: true);
        step("collect descriptors");
        var contents = new SocketContents();
        _readers.Add(contents);
        var descriptors = new DescriptorCollector(Findings, _objects) { Contents = contents };
        _removed = descriptors.Removed;
        Files = descriptors.Collect(tree, examined, choices);
        AioRings.Inspect(job.Processes.Select(process => (process.Id, process.Vmas)), Files, Findings);
        Files.Pipes.AddRange(descriptors.Pipes.Select(PipeContents.Read));
        if (Findings.Refusals.Count == 0)
        {
            connections?.Take(descriptors.Sockets);
            Files.ConnectionLock = connections?.Name ?? string.Empty;
            TcpContents.ReadAll(descriptors.Sockets);
        }

        TerminalContents.ReadAll(descriptors.Terminals, Findings);
        foreach (var process in job.Processes)
        {
            var image = CollectProcess(process, spaces[process.Id], job.Zombies, sharing);
            image.IsStopReported = image.IsStopped
                && job.Processes.FirstOrDefault(parent => parent.Id.Value == image.ParentPid) is { } parent && ProcessCollector.IsStopReported(parent, process.Id);
        }

        Files.RemovedFiles.AddRange(_removed.Images);
        var vdso = VdsoCode.CodeOf(job.Processes[0].Vmas, job.Processes[0].Memory);
        _inventory = InventoryCollector.Collect(job, vdso, _objects.Objects);
        _inventory.Cgroup = ByteString.CopyFromUtf8(scope.Cgroup ?? string.Empty);
        _inventory.CgroupSets.AddRange(_cgroups.Sets);
        Add(ImageVersion.Inventory, _inventory);
        Add(ImageVersion.Files, Files);
        Add(ImageVersion.Vdso, new Vdso { Code = ByteString.CopyFrom(vdso) });
        if (_systemV.CalculateSize() > 0)
        {
            Add(ImageVersion.SystemV, _systemV);
        }
    }

    /// <summary>Asks the trackers which pages to take. Everything in the images that describes pages is settled then.</summary>
    public void SettlePages(FrozenJob job, JobMemory memory)
    {
        foreach (var process in job.Processes)
        {
            step($"settle pages of {process.Id}");
            _sources.Add(SourceOf(process, memory.Follow(process), _spaces[process.Id]));
        }

        foreach (var shared in _objects.Objects)
        {
            AddSource(shared);
        }
    }

    /// <summary>Takes what is no state of the job itself, and may be read when it runs again.</summary>
    public void CollectSurroundings() => _inventory.CgroupDirectories.AddRange(_cgroups.Directories());

    /// <inheritdoc/>
    public void Dispose() => _readers.ForEach(reader => reader.Dispose());

    private Process CollectProcess(FrozenProcess process, List<Mapping> mappings, IReadOnlyList<ProcessId> zombies, ProcessSharing sharing)
    {
        step($"open the gate of {process.Id}");
        process.OpenGate();
        step($"collect {process.Id}");
        var image = new ProcessCollector(process, identities, Findings).Collect();
        var link = ProcFs.PathOf(process.Id, "cwd");
        image.WorkingDirectoryRemoved = _removed.Enter(ProcFs.ReadLink(link)!, FileStat.Of(link), link);
        image.ExecutableMemory = EnterExecutable(process.Id);
        image.FilesSharedWith = sharing.Files(process.Id.Value);
        image.FileSystemSharedWith = sharing.FileSystem(process.Id.Value);
        _cgroups.Collect(process.Id, image);
        image.Zombies.AddRange(ZombieCollector.ChildrenOf(process.Id, zombies));
        var space = AddressSpaceCollector.Collect(process, mappings);
        _spaces.Add(process.Id, space);
        AioRings.Collect(process, space, Findings);
        foreach (var set in _systemV.SemaphoreSets)
        {
            new SemaphoreUndos(process, set).Collect();
        }

        Add(ImageVersion.Process(process.Id.Value), image);
        Add(ImageVersion.Memory(process.Id.Value), space);
        return image;
    }

    /// <summary>The number of an executable that has no name; 0 where it has one.</summary>
    private uint EnterExecutable(ProcessId process)
    {
        var link = ProcFs.PathOf(process, "exe");
        var (target, stat) = (ProcFs.ReadLink(link)!, FileStat.Of(link));
        if (!NamelessFile.Is(target, stat))
        {
            return 0;
        }

        var image = NamelessFile.Enter(_objects, target, stat, link, out var why);
        if (why is not null)
        {
            Findings.Refuse(process, "exe", $"The executable of process {process} is {why}; it cannot be carried.");
        }

        return image.Id;
    }

    private CaptureSource SourceOf(FrozenProcess process, ProcessMemory memory, AddressSpace space)
    {
        _trackers.Add(memory.Tracker.Name);
        var mappings = PrivateMappings.Of(process.Vmas);
        var guards = new List<PageRange>();
        using var pages = PageMap.Open(process.Id);
        var settled = memory.Settle(mappings, pages, guards);
        space.Guards.AddRange(guards.Select(guard => new GuardPages { Start = guard.Start, End = guard.End }));
        var files = PageSet.Of([.. mappings.Where(mapping => mapping.HasFile).Select(mapping => mapping.Range)]);
        space.OwnFilePages.AddRange(settled.Populated.Intersect(files).Ranges.Select(range => new OwnPages { Start = range.Start, End = range.End }));
        var unforked = PageSet.Of([.. mappings.Where(mapping => !mapping.IsForked).Select(mapping => mapping.Range)]);
        return new CaptureSource(
            ImageVersion.Memory(process.Id.Value), memory.IsContinued, settled.Take, settled.Take.Intersect(unforked), settled.Stale,
            settled.Populated.Bytes, settled.Dirty.Bytes, new MemoryReader(process.Memory), process);
    }

    private void AddSource(SharedObject shared)
    {
        var fd = OwnFd.Open(shared.OpenPath, FileFlag.O_RDONLY);
        var reader = new ObjectReader(fd, shared.Image.Path.IsEmpty ? "shared memory" : shared.Image.Path.ToStringUtf8());
        _readers.Add(reader);
        var data = PageSet.Of(DataRanges.Of(fd, shared.Image.Bytes, shared.OpenPath));
        _sources.Add(new CaptureSource(
            shared.ContentName, Continues: false, data, PageSet.Empty, PageSet.Empty, data.Bytes, data.Bytes, reader, Process: null));
    }

    private void Add(string name, IMessage image) => _images.Add(KeyValuePair.Create(name, image));
}
