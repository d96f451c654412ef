using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Restore;

/// <summary>What a generation says of regular files that have a name, also one of a version that had no image of them.</summary>
internal static class CarriedFiles
{
    /// <summary>All of them, each path once: those that are put back, then those that the job has only open.</summary>
    public static List<CarriedFile> Of(GenerationImages images)
    {
        var files = images.FileContents is { } contents ? [.. contents.Files] : OfOldVersion(images);
        var paths = files.Select(file => file.Path).ToHashSet();
        files.AddRange(images.Files.OpenFiles.Where(IsNamed).Where(file => paths.Add(file.Path)).Select(file => Described(file, CarriedFile.Types.Kind.Nothing)));
        return files;
    }

    private static List<CarriedFile> OfOldVersion(GenerationImages images)
    {
        var mapped = images.Inventory.SharedMemory.Where(shared => shared.Kind == SharedMemory.Types.Kind.File).Select(shared => new CarriedFile
        {
            Path = shared.Path,
            Kind = CarriedFile.Types.Kind.Contents,
            Content = $"shared/{shared.Id}",
            SharedMemory = shared.Id,
            Bytes = shared.Bytes,
            Mode = shared.Mode,
            Owner = shared.Owner,
            Group = shared.Group,
            AccessedNs = shared.AccessedNs,
            ModifiedNs = shared.ModifiedNs,
            ChangedNs = 0,
        }).ToList();
        var written = images.Files.OpenFiles.Where(file => IsNamed(file) && ((int)file.Flags & FileFlag.O_ACCMODE) != FileFlag.O_RDONLY)
            .Select(file => Described(file, CarriedFile.Types.Kind.Size));
        return [.. mapped.Concat(written).DistinctBy(file => file.Path)];
    }

    private static bool IsNamed(OpenFile file) => file is { Kind: OpenFile.Types.Kind.Regular, SharedMemory: 0 };

    private static CarriedFile Described(OpenFile file, CarriedFile.Types.Kind kind) => new()
    {
        Path = file.Path,
        Kind = kind,
        Device = file.Device,
        Inode = file.Inode,
        Bytes = file.Bytes,
        ModifiedNs = file.MtimeNs,
        IsOpen = true,
    };
}
