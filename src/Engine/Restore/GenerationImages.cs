using Checkpointer.Engine.Images;
using Google.Protobuf;

namespace Checkpointer.Engine.Restore;

/// <summary>All images of a generation, parsed and checked for what the restore relies on.</summary>
internal sealed class GenerationImages
{
    private GenerationImages(Inventory inventory, Files files, SystemV systemV, IReadOnlyList<ProcessImages> processes)
    {
        Inventory = inventory;
        Files = files;
        SystemV = systemV;
        Processes = processes;
    }

    /// <summary>What the generation holds.</summary>
    public Inventory Inventory { get; }

    /// <summary>Open files and descriptors.</summary>
    public Files Files { get; }

    /// <summary>System V objects.</summary>
    public SystemV SystemV { get; }

    /// <summary>What is carried of files; null in generations of older versions.</summary>
    public FileContents? FileContents { get; private init; }

    /// <summary>Code of the vDSO that the job knows; null in generations of older versions.</summary>
    public byte[]? VdsoCode { get; private init; }

    /// <summary>Live processes, parents before children.</summary>
    public IReadOnlyList<ProcessImages> Processes { get; }

    /// <summary>The first process.</summary>
    public ProcessImages Root => Processes[0];

    /// <summary>True where the job is a cgroup, some of whose processes may have their parents outside.</summary>
    public bool IsCgroup => !Inventory.Cgroup.IsEmpty;

    /// <summary>Reads them all.</summary>
    /// <exception cref="EngineException">BadImage.</exception>
    public static GenerationImages Load(ICheckpointSource source)
    {
        var inventory = Parse(source, ImageVersion.Inventory, Inventory.Parser);
        if (inventory.Version > ImageVersion.Current)
        {
            throw new EngineException(
                EngineFailure.BadImage,
                $"Generation {source.Name} has images of version {inventory.Version}; this checkpointer reads up to {ImageVersion.Current}.",
                "restore it with the version that wrote it, or a newer one");
        }

        if (inventory.Architecture != ImageVersion.Architecture)
        {
            throw new EngineException(
                EngineFailure.WorldChanged, $"Generation {source.Name} was taken on {inventory.Architecture}; this machine is {ImageVersion.Architecture}.");
        }

        if (inventory.Version == 1)
        {
            // Version 1 told files from anonymous memory by their path alone.
            foreach (var shared in inventory.SharedMemory.Where(shared => !shared.Path.IsEmpty))
            {
                shared.Kind = SharedMemory.Types.Kind.File;
            }
        }

        var processes = inventory.Processes.Select(pid => new ProcessImages(
            Parse(source, ImageVersion.Process(pid), Process.Parser), Parse(source, ImageVersion.Memory(pid), AddressSpace.Parser))).ToList();
        var systemV = source.ImageNames.Contains(ImageVersion.SystemV) ? Parse(source, ImageVersion.SystemV, SystemV.Parser) : new SystemV();
        var images = new GenerationImages(inventory, Parse(source, ImageVersion.Files, Files.Parser), systemV, processes)
        {
            VdsoCode = source.ImageNames.Contains(ImageVersion.Vdso) ? Parse(source, ImageVersion.Vdso, Vdso.Parser).Code.ToByteArray() : null,
            FileContents = source.ImageNames.Contains(ImageVersion.FileContents) ? Parse(source, ImageVersion.FileContents, FileContents.Parser) : null,
        };
        images.Check(source.Name);
        return images;
    }

    private static T Parse<T>(ICheckpointSource source, string name, MessageParser<T> parser)
        where T : IMessage<T>
    {
        if (!source.ImageNames.Contains(name))
        {
            throw new EngineException(EngineFailure.BadImage, $"Image {name} of generation {source.Name} is missing.", "run `checkpointer verify`");
        }

        try
        {
            return parser.ParseFrom(source.ReadImage(name));
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new EngineException(EngineFailure.BadImage, $"Image {name} of generation {source.Name} is malformed.", "run `checkpointer verify`", exception);
        }
    }

    private static bool IsComplete(Images.Thread thread)
    {
        const int Ids = 4; // real, effective, saved, file system
        return thread is { CoreX64: not null, AlternateStack: not null, Scheduling: not null, Credentials: not null }
            && thread.Credentials.Uids.Count == Ids && thread.Credentials.Gids.Count == Ids;
    }

    private void Check(string name)
    {
        var pids = new HashSet<int>();
        foreach (var (process, pid) in Processes.Zip(Inventory.Processes))
        {
            // Pages are read under the PID of the image, so it must be the one that the inventory named.
            var isSound = process.Process.Pid == pid
                && process.Process.Threads.Count > 0
                && (pids.Count == 0 || IsCgroup || pids.Contains(process.Process.ParentPid))
                && (process.Process.ExitedLeader is null ? process.Process.Threads[0].Tid == pid : pids.Add(pid));
            if (process.Process.ExecutableIdentity is null || !process.Process.Threads.All(IsComplete))
            {
                throw new EngineException(EngineFailure.BadImage, $"The image of process {pid} of generation {name} lacks a part.");
            }

            if (!isSound || process.Process.Threads.Any(thread => thread.Tid <= 1 || !pids.Add(thread.Tid)))
            {
                throw new EngineException(EngineFailure.BadImage, $"The processes of generation {name} do not form a tree.");
            }
        }

        if (Processes.SelectMany(process => process.Process.Zombies).Any(zombie => zombie.Pid <= 1 || !pids.Add(zombie.Pid)))
        {
            throw new EngineException(EngineFailure.BadImage, $"The ended processes of generation {name} do not form a tree.");
        }

        if (pids.Count == 0)
        {
            throw new EngineException(EngineFailure.BadImage, $"Generation {name} has no process.");
        }
    }
}

/// <summary>Images of one process.</summary>
/// <param name="Process">Everything but memory and descriptors.</param>
/// <param name="Space">Layout of its memory.</param>
internal sealed record ProcessImages(Process Process, AddressSpace Space);
