using System.Globalization;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>
/// Turns the descriptors of all processes of a job into one table of open files, in which each struct file of the kernel stands once, and
/// refuses those that cannot be made again. Touches nothing, so preflight uses it as it is.
/// </summary>
internal sealed class DescriptorCollector(FindingList findings)
{
    private const ulong MemoryDevices = 1;

    private readonly Files _files = new();
    private readonly SortedDictionary<DescriptorReference, uint> _openFiles = new(DescriptorOrder.Instance);
    private readonly Dictionary<ulong, PipeUse> _pipes = [];

    /// <summary>Pipes by inode, with one descriptor of each end that the job holds.</summary>
    public IReadOnlyCollection<PipeUse> Pipes => _pipes.Values;

    /// <summary>Collects the descriptors of all processes.</summary>
    /// <param name="processes">The job.</param>
    /// <param name="examinedPipes">Pipes whose holders need not be looked for: that means looking through all processes of the host.</param>
    public Files Collect(IReadOnlyList<ProcessId> processes, IReadOnlySet<ulong> examinedPipes)
    {
        foreach (var process in processes)
        {
            var table = new DescriptorTable { Pid = process.Value };
            foreach (var number in ProcFs.TryFileDescriptors(process) ?? [])
            {
                AddDescriptor(table, process, number);
            }

            _files.Tables.Add(table);
        }

        RefuseForeignPipes(processes, [.. _pipes.Keys.Where(inode => !examinedPipes.Contains(inode))]);
        return _files;
    }

    private void AddDescriptor(DescriptorTable table, ProcessId process, int number)
    {
        var link = LinkPath(process, number);
        if (ProcFs.TryFdInfo(process, number) is not { } info || ProcFs.ReadLink(link) is not { } target || FileStat.TryOf(link) is not { } stat)
        {
            // Closed meanwhile: only in preflight, where the process runs on.
            return;
        }

        if (WhyRefused(info, target, stat) is { } reason)
        {
            findings.Refuse(process, "descriptor", $"Descriptor {number} of process {process} is {reason}; it cannot be carried.");
            return;
        }

        var flags = info.Flags & ~FileFlag.O_CLOEXEC;
        var reference = new DescriptorReference(process, number, stat.Device, stat.Inode, info.Position, flags);
        if (!_openFiles.TryGetValue(reference, out var id))
        {
            id = AddOpenFile(reference, target, stat);
            _openFiles.Add(reference, id);
        }

        table.Descriptors.Add(new DescriptorEntry
        {
            Number = number,
            OpenFile = id,
            CloseOnExec = (info.Flags & FileFlag.O_CLOEXEC) != 0,
        });
    }

    private uint AddOpenFile(DescriptorReference reference, string target, in FileStat stat)
    {
        var file = new OpenFile
        {
            Id = (uint)_files.OpenFiles.Count + 1,
            Kind = KindOf(stat),
            Flags = (uint)reference.Flags,
            Position = reference.Position,
            Path = ByteString.CopyFromUtf8(target),
            Bytes = stat.Type == FileFlag.S_IFREG ? stat.Bytes : 0,
            MtimeNs = stat.ModifiedNs,
            Inode = stat.Inode,
            Device = stat.Device,
            DeviceNode = stat.DeviceNode,
        };
        if (file.Kind == OpenFile.Types.Kind.Pipe)
        {
            file.Pipe = PipeOf(reference).Id;
        }

        _files.OpenFiles.Add(file);
        return file.Id;
    }

    private PipeUse PipeOf(DescriptorReference reference)
    {
        if (!_pipes.TryGetValue(reference.Inode, out var pipe))
        {
            pipe = new PipeUse((uint)_pipes.Count + 1, reference.Inode, LinkPath(reference.Process, reference.Number), reference.Process, reference.Number);
            _pipes.Add(reference.Inode, pipe);
        }

        return pipe;
    }

    private static string? WhyRefused(FdInfo info, string target, in FileStat stat)
    {
        if (info.Locks.Count > 0)
        {
            return $"{target} with a file lock or lease";
        }

        if ((info.Flags & FileFlag.O_ASYNC) != 0)
        {
            return $"{target} with signal-driven I/O (O_ASYNC)";
        }

        return stat.Type switch
        {
            FileFlag.S_IFSOCK => "a socket",
            FileFlag.S_IFBLK => $"the block device {target}",
            FileFlag.S_IFLNK => $"the symbolic link {target} (O_PATH)",
            FileFlag.S_IFCHR => WhyDeviceRefused(target, stat),
            FileFlag.S_IFIFO when !target.StartsWith("pipe:[", StringComparison.Ordinal) => $"the FIFO {target}",
            FileFlag.S_IFIFO => null,
            FileFlag.S_IFREG or FileFlag.S_IFDIR => WhyFileRefused(target, stat),
            _ => AnonymousFileNames.Of(target),
        };
    }

    private static string? WhyDeviceRefused(string target, in FileStat stat)
    {
        var (major, minor) = (stat.DeviceNode >> 32, stat.DeviceNode & uint.MaxValue);
        // Memory devices without state: null, zero, full, random, urandom (admin-guide/devices.txt).
        var isStateless = major == MemoryDevices && minor is 3 or 5 or 7 or 8 or 9;
        if (!isStateless)
        {
            var isTerminal = major is 4 or 5 or (>= 136 and <= 143);
            return isTerminal ? $"the terminal {target}" : $"the device {target}";
        }

        return FileStat.TryOf(target) is { } named && named.DeviceNode == stat.DeviceNode ? null : $"the device {target}, whose node is gone";
    }

    private static unsafe string? WhyFileRefused(string target, in FileStat stat)
    {
        if (target.StartsWith("/memfd:", StringComparison.Ordinal))
        {
            return $"a memfd ({target})";
        }

        if (!target.StartsWith('/'))
        {
            return $"{target}";
        }

        if (target.Contains('\uFFFD', StringComparison.Ordinal))
        {
            return $"{target}, whose name is not UTF-8";
        }

        if (FileStat.TryOf(target) is not { } named || !named.IsSameFile(stat))
        {
            return target.EndsWith(" (deleted)", StringComparison.Ordinal) ? $"a deleted file ({target})" : $"{target}, which is another file by now";
        }

        statfs64_t fileSystem = default;
        return Libc.statfs64(target, &fileSystem) == 0 && fileSystem.f_type == FileFlag.PROC_SUPER_MAGIC ? $"{target} on procfs" : null;
    }

    private void RefuseForeignPipes(IReadOnlyList<ProcessId> processes, List<ulong> inodes)
    {
        if (inodes.Count == 0)
        {
            return;
        }

        foreach (var (inode, holder) in PipeHolders.Outside(processes, inodes))
        {
            var pipe = _pipes[inode];
            var name = ProcFs.TryStat(holder)?.Comm ?? "gone";
            findings.Refuse(
                pipe.Process, "descriptor",
                $"Descriptor {pipe.Descriptor} of process {pipe.Process} is a pipe (pipe:[{inode}]) that is also held by process {holder} ({name}), outside the job; start the job with that descriptor in a file or closed (exec {pipe.Descriptor}>&-).");
        }
    }

    private static OpenFile.Types.Kind KindOf(in FileStat stat) => stat.Type switch
    {
        FileFlag.S_IFDIR => OpenFile.Types.Kind.Directory,
        FileFlag.S_IFCHR => OpenFile.Types.Kind.Device,
        FileFlag.S_IFIFO => OpenFile.Types.Kind.Pipe,
        _ => OpenFile.Types.Kind.Regular,
    };

    private static string LinkPath(ProcessId process, int number) =>
        ProcFs.PathOf(process, "fd/" + number.ToString(CultureInfo.InvariantCulture));
}
