using System.Globalization;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>
/// Turns the descriptors of all processes of a job into one table of open files, in which each struct file of the kernel stands once, and
/// refuses those that cannot be made again. Touches nothing, so preflight uses it as it is.
/// </summary>
internal sealed class DescriptorCollector(FindingList findings, SharedObjectTable objects)
{
    private readonly Files _files = new();
    private readonly SortedDictionary<DescriptorReference, uint> _openFiles = new(DescriptorOrder.Instance);
    private readonly HashSet<int> _job = [];
    private readonly HashSet<int> _threads = [];
    private readonly HashSet<ulong> _refused = [];

    /// <summary>Pipes by inode, with one descriptor of each end that the job holds.</summary>
    public IReadOnlyCollection<PipeUse> Pipes { get; private set; } = [];

    /// <summary>Terminals that the job holds; what is in them is not read here.</summary>
    public IReadOnlyCollection<TerminalUse> Terminals { get; private set; } = [];

    /// <summary>Pipes and terminals whose holders were looked for, by what links of /proc to them say.</summary>
    public IReadOnlySet<string> Examined => Pipes.Select(pipe => pipe.Target).Concat(Terminals.Where(use => use.Master is not null).Select(use => use.Name)).ToHashSet();

    /// <summary>Sockets that the job holds; what is in them is not read here.</summary>
    public IReadOnlyList<SocketUse> Sockets { get; private set; } = [];

    /// <summary>Reads what is in sockets, in the freeze; null ahead of it.</summary>
    public SocketContents? Contents { get; init; }

    /// <summary>Files whose names are gone; those that processes work in are entered by the caller.</summary>
    public RemovedFiles Removed { get; } = new();

    /// <summary>Collects the descriptors of all processes.</summary>
    /// <param name="tree">The job.</param>
    /// <param name="examined">Pipes and terminals whose holders need not be looked for: that means looking through all processes of the host.</param>
    /// <param name="choices">What is done about state that cannot be carried as it is.</param>
    public Files Collect(ProcessTree tree, IReadOnlySet<string> examined, DumpChoices choices)
    {
        _job.UnionWith(tree.Live.Concat(tree.Zombies).Select(process => process.Value));
        _threads.UnionWith(tree.Live.SelectMany(process => ProcFs.TryThreads(process) ?? []).Select(thread => thread.Value));
        _threads.UnionWith(_job);
        using var duplicates = new Duplicates();
        var kinds = new FileKinds(_job, objects, duplicates, Removed, findings);
        foreach (var process in tree.Live)
        {
            var table = new DescriptorTable { Pid = process.Value };
            foreach (var number in ProcFs.TryFileDescriptors(process) ?? [])
            {
                if (TryLook(process, number) is { } descriptor)
                {
                    AddDescriptor(table, descriptor, kinds, duplicates);
                }
            }

            _files.Tables.Add(table);
        }

        Sockets = [.. kinds.Sockets.Uses];
        new UnixSocketPeers(findings).Resolve(Sockets);
        new TcpPeers(choices.Tcp, isFrozen: Contents is not null, findings).Resolve(Sockets);
        if (findings.Refusals.Count == 0)
        {
            Contents?.ReadAll(Sockets, number => EnterInFlight(number, kinds, duplicates));
        }

        kinds.Inotifies.Resolve(objects, Removed);
        kinds.Epolls.Resolve(_openFiles, _refused, findings);
        Pipes = kinds.Pipes.Uses;
        // What is in flight is held by us, too, for the time of the dump.
        RefuseForeignPipes([.. tree.Live, new ProcessId(Environment.ProcessId)], [.. Pipes.Where(pipe => !examined.Contains(pipe.Target))]);
        Terminals = kinds.Terminals.Uses;
        new TerminalInspector(Terminals, choices.IsShellJob, findings).Inspect(tree.Live, duplicates);
        TerminalHolders.Refuse(tree.Live, [.. Terminals.Where(use => use.Master is not null && !examined.Contains(use.Name))], findings);
        _files.Terminals.AddRange(Terminals.Select(use => use.Image));
        return _files;
    }

    /// <summary>Null where it was closed meanwhile: only in preflight, where the process runs on.</summary>
    private static OpenDescriptor? TryLook(ProcessId process, int number)
    {
        var link = ProcFs.PathOf(process, "fd/" + number.ToString(CultureInfo.InvariantCulture));
        return ProcFs.TryFdInfo(process, number) is { } info && ProcFs.ReadLink(link) is { } target && FileStat.TryOf(link) is { } stat
            ? new OpenDescriptor(process, number, link, target, info, stat)
            : null;
    }

    private void AddDescriptor(DescriptorTable table, OpenDescriptor descriptor, FileKinds kinds, Duplicates duplicates)
    {
        var reference = new DescriptorReference(
            descriptor.Process, descriptor.Number, descriptor.Stat.Device, descriptor.Stat.Inode, descriptor.Info.Position, descriptor.Flags);
        if (!_openFiles.TryGetValue(reference, out var id))
        {
            var image = NewImage(descriptor);
            if ((kinds.Of(descriptor).Describe(descriptor, image) ?? FileOwners.Describe(descriptor, image, duplicates, _threads)) is { } reason)
            {
                Refuse(descriptor, reason);
                return;
            }

            _files.OpenFiles.Add(image);
            id = image.Id;
            _openFiles.Add(reference, id);
        }

        // A lock of a process shows at the descriptors of that process only.
        if (FileLocks.Describe(descriptor, _files.OpenFiles[(int)id - 1]) is { } lockReason)
        {
            Refuse(descriptor, lockReason);
        }

        table.Descriptors.Add(new DescriptorEntry
        {
            Number = descriptor.Number,
            OpenFile = id,
            CloseOnExec = (descriptor.Info.Flags & FileFlag.O_CLOEXEC) != 0,
        });
    }

    /// <summary>The open file of a descriptor in flight (SCM_RIGHTS), of which we hold a copy.</summary>
    private uint EnterInFlight(int number, FileKinds kinds, Duplicates duplicates)
    {
        var table = new DescriptorTable();
        var known = _files.OpenFiles.Count;
        var descriptor = TryLook(new ProcessId(Environment.ProcessId), number) ?? throw new LinuxException($"look at descriptor {number} in flight", Errno.EBADF);
        AddDescriptor(table, descriptor, kinds, duplicates);
        if (_files.OpenFiles.Skip(known).Any(image => image.Kind == OpenFile.Types.Kind.Socket || image.Owner is not null))
        {
            findings.Refuse(
                descriptor.Process, "descriptor",
                $"An unread message of the job holds the only descriptor of {descriptor.Target} (SCM_RIGHTS), a socket or a file with signal-driven I/O; it cannot be carried.");
        }

        return table.Descriptors.FirstOrDefault()?.OpenFile ?? 0;
    }

    private OpenFile NewImage(OpenDescriptor descriptor) => new()
    {
        Id = (uint)_files.OpenFiles.Count + 1,
        Flags = (uint)descriptor.Flags,
        Position = descriptor.Info.Position,
        Path = ByteString.CopyFromUtf8(descriptor.Target),
        MtimeNs = descriptor.Stat.ModifiedNs,
        Inode = descriptor.Stat.Inode,
        Device = descriptor.Stat.Device,
        DeviceNode = descriptor.Stat.DeviceNode,
    };

    private void Refuse(OpenDescriptor descriptor, string reason)
    {
        _refused.Add(descriptor.Stat.Inode);
        findings.Refuse(descriptor.Process, "descriptor", $"Descriptor {descriptor.Number} of process {descriptor.Process} is {reason}; it cannot be carried.");
    }

    private void RefuseForeignPipes(IReadOnlyList<ProcessId> processes, List<PipeUse> pipes)
    {
        if (pipes.Count == 0)
        {
            return;
        }

        foreach (var (pipe, holder) in PipeHolders.Outside(processes, pipes))
        {
            var name = ProcFs.TryStat(holder)?.Comm ?? "gone";
            findings.Refuse(
                pipe.Process, "descriptor",
                $"Descriptor {pipe.Descriptor} of process {pipe.Process} is a pipe ({pipe.Target}) that is also held by process {holder} ({name}), outside the job; start the job with that descriptor in a file or closed (exec {pipe.Descriptor}>&-).");
        }
    }
}
