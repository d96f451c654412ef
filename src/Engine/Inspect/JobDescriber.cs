using Checkpointer.Engine.Images;
using Checkpointer.Engine.Restore;
using Google.Protobuf;

namespace Checkpointer.Engine.Inspect;

/// <summary>Says what the images of a generation hold.</summary>
internal static class JobDescriber
{
    /// <summary>Reads and describes them.</summary>
    /// <exception cref="EngineException">BadImage.</exception>
    public static JobDescription Describe(ICheckpointSource source)
    {
        var images = GenerationImages.Load(source);
        var files = images.Files.OpenFiles.DistinctBy(file => file.Id).ToDictionary(file => file.Id);
        var tables = images.Files.Tables.DistinctBy(table => table.Pid).ToDictionary(table => table.Pid);
        return new JobDescription(
            [.. images.Processes.Select(process => Describe(process, tables, files))],
            [.. (images.FileContents?.Files ?? []).Select(Describe)]);
    }

    private static ProcessDescription Describe(
        ProcessImages images, Dictionary<int, DescriptorTable> tables, Dictionary<uint, OpenFile> files)
    {
        var process = images.Process;
        var owner = process.FilesSharedWith == 0 ? process.Pid : process.FilesSharedWith;
        return new ProcessDescription(
            process.Pid, process.ParentPid, process.ProcessGroup, process.Session,
            Text(process.ExitedLeader?.Name ?? process.Threads[0].Name), Text(process.Executable), Text(process.WorkingDirectory), process.IsStopped,
            [.. process.Threads.Select(thread => new ThreadDescription(thread.Tid, Text(thread.Name)))],
            [.. process.Zombies.Select(zombie => zombie.Pid)],
            [.. images.Space.Mappings.Select(mapping => Describe(mapping, images.Space, process.Pid))],
            tables.TryGetValue(owner, out var table) ? [.. table.Descriptors.DistinctBy(entry => entry.Number).OrderBy(entry => entry.Number).Select(entry => Describe(entry, files))] : []);
    }

    private static MappingDescription Describe(Mapping mapping, AddressSpace space, int pid)
    {
        if (mapping.Start >= mapping.End || mapping.Offset > long.MaxValue || mapping.End > long.MaxValue)
        {
            throw new EngineException(EngineFailure.BadImage, $"A mapping of process {pid} reaches from {mapping.Start:x} to {mapping.End:x}, at {mapping.Offset:x}.", "run `checkpointer verify`");
        }

        var isOwn = mapping.SharedMemory == 0;
        return new MappingDescription(
            mapping.Start, mapping.End, Access(mapping), WordOf(mapping.Kind), NameOf(mapping, space), mapping.Offset,
            isOwn ? ImageVersion.Memory(pid) : ImageVersion.Shared(mapping.SharedMemory), isOwn ? mapping.Start : mapping.Offset);
    }

    private static string Access(Mapping mapping)
    {
        const uint read = 1, write = 2, execute = 4; // PROT_*
        return string.Concat(
            (mapping.Protection & read) != 0 ? "r" : "-", (mapping.Protection & write) != 0 ? "w" : "-",
            (mapping.Protection & execute) != 0 ? "x" : "-", mapping.IsShared ? "s" : "p");
    }

    private static string WordOf(Mapping.Types.Kind kind) => kind switch
    {
        Mapping.Types.Kind.File => "file",
        Mapping.Types.Kind.SharedAnonymous => "shared",
        Mapping.Types.Kind.Vdso => "vdso",
        Mapping.Types.Kind.AioRing => "aio",
        Mapping.Types.Kind.SystemV => "sysv",
        _ => "anonymous",
    };

    // What the kernel would print in /proc/PID/maps.
    private static string NameOf(Mapping mapping, AddressSpace space)
    {
        if (!mapping.Path.IsEmpty || mapping.Kind != Mapping.Types.Kind.Anonymous)
        {
            return Text(mapping.Path);
        }

        if (mapping.Start < space.Brk && mapping.End > space.StartBrk)
        {
            return "[heap]";
        }

        var isStack = mapping.Start <= space.StartStack && space.StartStack < mapping.End;
        return isStack ? "[stack]" : mapping.AnonymousName.Length > 0 ? $"[anon:{mapping.AnonymousName}]" : "";
    }

    private static DescriptorDescription Describe(DescriptorEntry entry, Dictionary<uint, OpenFile> files)
    {
        if (!files.TryGetValue(entry.OpenFile, out var file))
        {
            throw new EngineException(EngineFailure.BadImage, $"Descriptor {entry.Number} has an open file {entry.OpenFile} that the generation does not hold.", "run `checkpointer verify`");
        }

        return new DescriptorDescription(
            entry.Number, string.Concat(file.Kind.ToString().Select((letter, at) => at > 0 && char.IsUpper(letter) ? $"_{char.ToLowerInvariant(letter)}" : $"{char.ToLowerInvariant(letter)}")),
            Text(file.Path), $"0{Convert.ToString(file.Flags, 8)}", file.Position, file.Id, entry.CloseOnExec);
    }

    private static FileDescription Describe(CarriedFile file)
        => new(
            Text(file.Path),
            file.Kind switch { CarriedFile.Types.Kind.Contents => "contents", CarriedFile.Types.Kind.Size => "size", _ => "nothing" },
            file.Bytes, file.ModifiedNs, file.Content);

    private static string Text(ByteString bytes) => bytes.ToStringUtf8();
}
