using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>
/// Turns the mappings of processes into images, and refuses those that cannot be made again. Objects that several mappings share are
/// numbered over the whole job. Touches nothing, so preflight uses it as it is.
/// </summary>
internal sealed class MappingCollector(FindingList findings, FileIdentities identities, SharedObjectTable objects)
{
    /// <summary>Flags that a restore sets again; the others follow from how the mapping is made.</summary>
    public const VmaFlags CarriedFlags =
        VmaFlags.GrowsDown | VmaFlags.Locked | VmaFlags.LockOnFault | VmaFlags.SequentialRead | VmaFlags.RandomRead
        | VmaFlags.DontCopy | VmaFlags.NoReserve | VmaFlags.WipeOnFork | VmaFlags.DontDump | VmaFlags.HugePage
        | VmaFlags.NoHugePage | VmaFlags.Mergeable | VmaFlags.Droppable;

    private const string SharedAnonymousPath = "/dev/zero";
    private const string HugeAnonymousPath = "/anon_hugepage";
    private const string SecretPath = "/secretmem";
    private const VmaFlags DeviceFlags = VmaFlags.PfnMap | VmaFlags.Io | VmaFlags.MixedMap;

    // Not those for write protection: that is our own tracker, or another checkpointer's. A job's own userfaultfd is refused as a descriptor.
    private const VmaFlags UffdFlags = VmaFlags.UffdMissing | VmaFlags.UffdMinor;

    private readonly SystemVMappings _systemV = new();

    /// <summary>Images of all mappings of a process that a restore makes.</summary>
    public List<Mapping> Collect(ProcessId process, IReadOnlyList<Vma> vmas)
    {
        var mappings = new List<Mapping>(vmas.Count);
        foreach (var vma in vmas.Where(vma => !vma.IsVsyscall))
        {
            if (WhyRefused(vma) is { } reason)
            {
                findings.Refuse(process, "mapping", $"Process {process} has {reason} at {Range(vma)}; it cannot be carried.");
            }
            else if (ImageOf(process, vma) is { } mapping)
            {
                mappings.Add(mapping);
            }
        }

        return mappings;
    }

    private static string? WhyRefused(Vma vma) => vma switch
    {
        { IsVdso: true } or { IsVvar: true } => null,
        { UnknownFlags.Length: > 0 } => $"a mapping with flags that this version does not know ({vma.UnknownFlags})",
        { Path: "[uprobes]" } => "a mapping of a tracing probe (uprobes): remove the probe and try again",
        { Path: SecretPath, IsDeleted: true } => "secret memory (memfd_secret)",
        { ProtectionKey: > 0 } => "memory with a protection key",
        { Path: ['[', ..] } when vma is { IsHeap: false, IsStack: false, AnonymousName: null } => $"a special mapping {vma.Path}",
        { IsPathExact: false } => "a mapping of a file whose name is not UTF-8",
        _ when vma.VmFlags.HasFlag(VmaFlags.ShadowStack) => "a shadow stack",
        _ when vma.VmFlags.HasFlag(VmaFlags.Sealed) => "a sealed mapping (mseal)",
        _ when (vma.VmFlags & UffdFlags) != 0 => "memory registered with userfaultfd",
        _ when (vma.VmFlags & DeviceFlags) != 0 => $"device memory ({vma.Path})",
        _ when vma.Path.StartsWith("anon_inode:", StringComparison.Ordinal) => $"a mapping of {vma.Path}",
        _ => null,
    };

    private Mapping? ImageOf(ProcessId process, Vma vma)
    {
        var mapping = new Mapping
        {
            Start = vma.Start,
            End = vma.End,
            Protection = Protection(vma),
            IsShared = vma.IsShared,
            Flags = (ulong)(vma.VmFlags & CarriedFlags),
            Offset = vma.Offset,
            AnonymousName = vma.AnonymousName ?? string.Empty,
            HugePageBytes = vma.VmFlags.HasFlag(VmaFlags.HugeTlb) ? vma.KernelPageBytes : 0,
        };
        if (vma.IsVdso || vma.IsVvar)
        {
            mapping.Kind = Mapping.Types.Kind.Vdso;
            mapping.Path = ByteString.CopyFromUtf8(vma.Path);
            return mapping;
        }

        if (AioRings.IsOf(vma))
        {
            mapping.Kind = Mapping.Types.Kind.AioRing;
            return mapping;
        }

        if (_systemV.IsOf(vma))
        {
            return SystemVMapping(mapping, process, vma);
        }

        var isHuge = mapping.HugePageBytes != 0 && vma is { Path: HugeAnonymousPath, IsDeleted: true };
        if (vma.IsShared && vma.Inode != 0 && (vma.Path == SharedAnonymousPath || vma.AnonymousName is not null || isHuge))
        {
            var link = MapFile(process, vma);
            // Unmapped meanwhile only in preflight, where nothing comes of it.
            return AddShared(mapping, FileStat.TryOf(link) ?? default(FileStat) with { Inode = vma.Inode }, SharedMemory.Types.Kind.Anonymous, string.Empty, link);
        }

        return vma.Path is [] or ['[', ..] || isHuge ? mapping : FileMapping(mapping, process, vma);
    }

    private Mapping? SystemVMapping(Mapping mapping, ProcessId process, Vma vma)
    {
        var link = MapFile(process, vma);
        if (FileStat.TryOf(link) is not { } stat)
        {
            // Detached meanwhile: only in preflight, where the process runs on.
            return null;
        }

        mapping.Kind = Mapping.Types.Kind.SystemV;
        var shared = objects.Add(stat, SharedMemory.Types.Kind.SystemV, string.Empty, link, out _);
        shared.HugePageBytes = mapping.HugePageBytes;
        mapping.SharedMemory = shared.Id;
        mapping.FileWritable = vma.VmFlags.HasFlag(VmaFlags.MayWrite);
        return mapping;
    }

    private static bool IsThere(ProcessId process, Vma vma) =>
        ProcFs.TryMaps(process)?.Any(now =>
            (now.Start, now.Inode, now.DeviceMajor, now.DeviceMinor) == (vma.Start, vma.Inode, vma.DeviceMajor, vma.DeviceMinor)) == true;

    private Mapping? FileMapping(Mapping mapping, ProcessId process, Vma vma)
    {
        var link = MapFile(process, vma);
        if (FileStat.TryOf(link) is not { } mapped)
        {
            // Unmapped meanwhile: only in preflight, where the process runs on.
            return null;
        }

        mapping.Kind = Mapping.Types.Kind.File;
        mapping.Path = ByteString.CopyFromUtf8(vma.Path);
        mapping.FileWritable = vma.IsShared && vma.VmFlags.HasFlag(VmaFlags.MayWrite);
        if (vma.IsDeleted && ProcFs.ReadLink(link) is { } target && NamelessFile.Is(target, mapped))
        {
            mapping.SharedMemory = NamelessFile.Enter(objects, target, mapped, link, out var why).Id;
            if (why is not null)
            {
                findings.Refuse(process, "mapping", $"Process {process} has {why} mapped at {Range(vma)}; it cannot be carried.");
            }

            return mapping;
        }

        if (FileStat.TryOf(vma.Path) is not { } named || !named.IsSameFile(mapped))
        {
            if (!IsThere(process, vma))
            {
                // Something else is mapped there by now: only in preflight, where the process runs on. The freeze will find what.
                return null;
            }

            var what = vma.IsDeleted ? "was deleted" : "was replaced by another file";
            findings.Refuse(process, "mapping", $"Process {process} has {vma.Path} mapped at {Range(vma)}, which {what} since; it cannot be mapped again.");
            return null;
        }

        if (mapped.Type == FileFlag.S_IFCHR && vma.Path != SharedAnonymousPath)
        {
            findings.Refuse(process, "mapping", $"Process {process} has the device {vma.Path} mapped at {Range(vma)}; it cannot be carried.");
            return null;
        }

        if (mapped.Type == FileFlag.S_IFREG)
        {
            mapping.Identity = identities.Of(vma.Path, mapped);
        }

        return vma is { IsShared: true, Writable: true } ? AddShared(mapping, mapped, SharedMemory.Types.Kind.File, vma.Path, link) : mapping;
    }

    private Mapping AddShared(Mapping mapping, in FileStat stat, SharedMemory.Types.Kind kind, string path, string link)
    {
        var shared = objects.Add(stat, kind, path, link, out _);
        shared.HugePageBytes = mapping.HugePageBytes;
        mapping.SharedMemory = shared.Id;
        mapping.CarriesContents = kind == SharedMemory.Types.Kind.File;
        mapping.Kind = mapping.CarriesContents ? Mapping.Types.Kind.File : Mapping.Types.Kind.SharedAnonymous;
        return mapping;
    }

    private static uint Protection(Vma vma) =>
        (uint)((vma.Readable ? Memory.PROT_READ : 0) | (vma.Writable ? Memory.PROT_WRITE : 0) | (vma.Executable ? Memory.PROT_EXEC : 0));

    private static string MapFile(ProcessId process, Vma vma) => ProcFs.PathOf(process, $"map_files/{vma.Start:x}-{vma.End:x}");

    private static string Range(Vma vma) => $"0x{vma.Start:x}-0x{vma.End:x}";
}
