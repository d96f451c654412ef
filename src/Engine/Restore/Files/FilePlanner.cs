using System.Globalization;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Compares the files of a generation with those that are there, and decides what is to be done. Changes nothing; whatever would fail later is found
/// here: a directory or a link in the way, a file system that cannot be written or has no room, somebody else who writes a file.
/// </summary>
internal sealed class FilePlanner(GenerationImages images, ICheckpointSource source, string generationSuffix, RestoreChoices choices)
{
    private const int AccessModes = 3; // W_OK | X_OK
    private const string PutBack = "put that file back as it was, or start the job anew";
    private readonly bool _isSameBoot = images.Inventory.BootId == ProcFs.BootId();
    private readonly Dictionary<string, ParentDirectory> _missing = [];

    /// <summary>Plans all files.</summary>
    /// <exception cref="EngineException">WorldChanged: a file cannot be put back.</exception>
    public FilePlan Plan()
    {
        var steps = CarriedFiles.Of(images).Select(StepOf).Where(step => step.IsAny).ToList();
        RequireNoOtherWriter([.. steps.Where(step => step.TouchesContents).Select(step => step.Path)], "has changed since the dump", "putting it back would hurt that process");
        if (choices is { IsCopy: true, KeepFiles: false })
        {
            RequireNoOtherWriter([.. CarriedFiles.Of(images).Where(file => file.IsOpen).Select(file => file.Path.ToStringUtf8())], "is written by the job", "both would write it");
        }

        RequireRoom(steps);
        return new FilePlan(steps, [.. _missing.Values.OrderBy(directory => directory.Path.Length)]);
    }

    private FileStep StepOf(CarriedFile file)
    {
        var step = new FileStep(file);
        var isNeeded = file.IsOpen || file.SharedMemory != 0;
        var now = FileStat.TryOf(step.Path, followsLinks: false);
        if (now is { Type: FileFlag.S_IFLNK } && file.Kind != CarriedFile.Types.Kind.Contents)
        {
            // As before a generation told of files: whoever put a link there means it.
            now = FileStat.TryOf(step.Path);
        }

        if (file.Kind == CarriedFile.Types.Kind.Contents && !choices.KeepFiles)
        {
            return now is { } there ? Existing(step, there) : Missing(step);
        }

        return now is { } found ? Kept(step, found, isNeeded) : isNeeded ? throw Changed($"{step.Path}, which the job has open, is missing.") : Told(step, "is missing");
    }

    /// <summary>A file whose contents are not put back.</summary>
    private FileStep Kept(FileStep step, in FileStat now, bool isNeeded)
    {
        var file = step.File;
        if (isNeeded && now.Type != FileFlag.S_IFREG)
        {
            throw Changed($"{step.Path}, which the job has open, is no regular file by now.");
        }

        if (now.Bytes < file.Bytes && isNeeded && (!choices.KeepFiles || file.SharedMemory != 0))
        {
            throw Changed(string.Create(CultureInfo.InvariantCulture, $"{step.Path}, which the job has open, has {now.Bytes} bytes; it had {file.Bytes} at the dump."));
        }

        if (now.Bytes > file.Bytes && file is { Kind: CarriedFile.Types.Kind.Size, IsOpen: true } && !choices.KeepFiles)
        {
            return Cut(step, now);
        }

        if (now.Bytes == file.Bytes && now.ModifiedNs == file.ModifiedNs)
        {
            return step;
        }

        return Told(step, now.Bytes == file.Bytes
            ? "was changed in place since the dump; its contents are as they are now"
            : string.Create(CultureInfo.InvariantCulture, $"has {now.Bytes} bytes and had {file.Bytes} at the dump; it is left as it is now"));
    }

    private FileStep Existing(FileStep step, in FileStat now)
    {
        RequirePlain(step.Path, now);
        var file = step.File;
        var isSameFile = file.Inode == 0 || (file.Inode == now.Inode && (_isSameBoot ? file.Device == now.Device : file.BornNs == now.BornNs));
        if (isSameFile && _isSameBoot && file.IsSettled && file.Bytes == now.Bytes && file.ModifiedNs == now.ModifiedNs && file.ChangedNs == now.ChangedNs)
        {
            return step;
        }

        using var directory = PlainDirectory.Open(Path.GetDirectoryName(step.Path)!);
        using var fd = directory.Open(Path.GetFileName(step.Path), FileFlag.O_RDONLY | FileFlag.O_NONBLOCK);
        var comparison = new FileComparison(fd, file, now.Bytes, step.Path).Run(source);
        var isSame = comparison.Differing.IsEmpty && now.Bytes == file.Bytes;
        if (!isSame && !isSameFile)
        {
            return step with { IsRecreated = true, MovesAside = true, StoredBytes = comparison.StoredBytes, Aside = AsideNames.Of(directory, step.Path, generationSuffix) };
        }

        step = step with
        {
            IsRewritten = !comparison.Differing.IsEmpty || now.Bytes < file.Bytes,
            Differing = comparison.Differing,
            StoredBytes = comparison.StoredBytes,
            SetsMetadata = !isSame || HasOtherMetadata(fd, file, now, step.Path),
        };
        if (step.IsAny)
        {
            OpenForWriting(directory, step.Path).Dispose();
        }

        return now.Bytes > file.Bytes ? Cut(step, now) : step;
    }

    private FileStep Missing(FileStep step)
    {
        var parent = RequireParent(step.Path);
        var stored = 0ul;
        source.ReadPages(step.File.Content, (_, pages) => stored += (ulong)pages.Length);
        if (Libc.access(parent, AccessModes) < 0 && LastError.Get() is var errno)
        {
            throw Changed($"{step.Path} is missing and cannot be made again in {parent}: {errno}.", $"make {parent} writable and recover again");
        }

        return step with { IsRecreated = true, StoredBytes = stored };
    }

    private FileStep Cut(FileStep step, in FileStat now)
    {
        using var directory = PlainDirectory.Open(ParentOf(step.Path));
        using var fd = OpenForWriting(directory, step.Path);
        return step with { TailBytes = now.Bytes - step.File.Bytes, Aside = AsideNames.OfTail(directory, step.Path, fd, step.File.Bytes, generationSuffix) };
    }

    private static bool HasOtherMetadata(SafeFd fd, CarriedFile file, in FileStat now, string name) =>
        now.Permissions != file.Mode || now.Owner != file.Owner || now.Group != file.Group || now.ModifiedNs != file.ModifiedNs
        || (file.ChangedNs != 0 && !ExtendedAttributes.Of(fd, name).ToHashSet().SetEquals(file.Attributes));

    private static FileStep Told(FileStep step, string what) => step with { Different = what };

    private static string ParentOf(string path) => Path.GetDirectoryName(path)!;

    private static void RequirePlain(string path, in FileStat now)
    {
        if (now.Type == FileFlag.S_IFREG)
        {
            return;
        }

        var what = now.Type switch
        {
            FileFlag.S_IFDIR => "a directory",
            FileFlag.S_IFLNK => "a symbolic link",
            _ => "no regular file",
        };
        throw Changed($"{path}, a file of the job, is {what} by now.", $"move {path} out of the way and recover again");
    }

    /// <summary>Opening for writing changes nothing, and shows whether it may be written.</summary>
    private static SafeFd OpenForWriting(PlainDirectory directory, string path)
    {
        try
        {
            return directory.Open(Path.GetFileName(path), FileFlag.O_RDWR | FileFlag.O_NONBLOCK);
        }
        catch (LinuxException exception)
        {
            throw Changed($"{path} differs from the dump and cannot be written: {exception.Errno}.", "make it writable and recover again, or leave it with --keep-files");
        }
    }

    /// <summary>The nearest directory above a file that is there; those below it are to be made.</summary>
    private string RequireParent(string path)
    {
        var directory = ParentOf(path);
        var missing = new List<string>();
        while (true)
        {
            using var opened = PlainDirectory.TryOpen(directory, out var errno);
            if (opened is not null)
            {
                missing.ForEach(Make);
                return directory;
            }

            if (errno != Errno.ENOENT)
            {
                throw Changed(
                    $"{path} is missing and cannot be made again: {directory} cannot be opened as a directory ({(errno == Errno.ELOOP ? "a symbolic link is in the path" : errno)}).",
                    $"make the directory {directory} and recover again");
            }

            missing.Add(directory);
            directory = ParentOf(directory);
        }
    }

    private void Make(string directory)
    {
        var image = images.FileContents?.Directories.FirstOrDefault(candidate => candidate.Path.ToStringUtf8() == directory)
            ?? throw Changed($"The directory {directory}, in which the job had a file, is missing.", $"make {directory} and recover again");
        _missing.TryAdd(directory, image);
    }

    private void RequireNoOtherWriter(HashSet<string> paths, string what, string why)
    {
        if (paths.Count == 0)
        {
            return;
        }

        foreach (var (path, holder) in FileWriters.Find(paths, choices.Waiting ?? []))
        {
            throw Changed(
                $"{path} {what} and process {holder} ({ProcFs.TryStat(holder)?.Comm}) has it open for writing; {why}.",
                $"end process {holder} and recover again, or leave the files as they are with --keep-files");
        }
    }

    /// <summary>Refuses where a file system has no room for all that is written to it. Tails and new files need blocks of their own; pages put back may.</summary>
    private static void RequireRoom(IEnumerable<FileStep> steps)
    {
        foreach (var group in steps.Where(step => step.IsRecreated || step.TouchesContents).GroupBy(step => DeviceOf(step.Path)))
        {
            var needed = group.Aggregate(0ul, (sum, step) => sum + step.TailBytes + (step.IsRecreated ? step.StoredBytes : 0));
            if (FileSystems.FreeBytes(Existing(group.First().Path)) is { } free && needed > free)
            {
                throw Changed(
                    string.Create(CultureInfo.InvariantCulture, $"{needed} bytes are to be written to the file system of {group.First().Path}, which has {free} left."),
                    "free some and recover again");
            }
        }
    }

    private static ulong DeviceOf(string path) => FileStat.Of(Existing(path)).Device;

    private static string Existing(string path)
    {
        while (!Path.Exists(path))
        {
            path = ParentOf(path);
        }

        return path;
    }

    private static EngineException Changed(string message, string hint = PutBack) => new(EngineFailure.WorldChanged, message, hint);
}
