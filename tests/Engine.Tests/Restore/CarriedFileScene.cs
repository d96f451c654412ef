using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tests.Support;
using Google.Protobuf;

namespace Checkpointer.Engine.Tests.Restore;

/// <summary>A directory with files of a job, a generation that carries them, and restores of the files alone.</summary>
internal sealed class CarriedFileScene : IDisposable
{
    private const int PageBytes = 4096;
    private readonly Scratch _scratch = new();
    private readonly FakeGeneration _generation = FakeGeneration.Sound();
    private readonly FileContents _contents = new();

    public CarriedFileScene()
    {
        _generation.Change(ImageVersion.Inventory, Inventory.Parser, inventory =>
        {
            inventory.SharedMemory.Clear();
            inventory.BootId = ProcFs.BootId();
        });
        _generation.Put(ImageVersion.Files, new Files());
    }

    /// <summary>Names of steps of restores; may throw.</summary>
    public Action<string> OnStep { get; set; } = static _ => { };

    public string this[string name] => _scratch[name];

    public string Root => _scratch.ToString();

    /// <summary>The generation says of a file what it is now.</summary>
    public CarriedFile Carry(string name, CarriedFile.Types.Kind kind = CarriedFile.Types.Kind.Contents, bool isOpen = true)
    {
        var path = _scratch[name];
        var stat = FileStat.Of(path);
        using var fd = OwnFd.Open(path, Engine.Interop.FileFlag.O_RDONLY);
        var file = new CarriedFile
        {
            Path = ByteString.CopyFromUtf8(path),
            Kind = kind,
            Content = $"file/{_contents.Files.Count + 1}",
            Device = stat.Device,
            Inode = stat.Inode,
            BornNs = stat.BornNs,
            Bytes = stat.Bytes,
            Mode = stat.Permissions,
            Owner = stat.Owner,
            Group = stat.Group,
            AccessedNs = stat.AccessedNs,
            ModifiedNs = stat.ModifiedNs,
            ChangedNs = stat.ChangedNs,
            AllocatedBytes = stat.AllocatedBytes,
            IsSettled = false,
            IsOpen = isOpen,
        };
        file.Attributes.AddRange(ExtendedAttributes.Of(fd, path));
        _generation.Pages[file.Content] = [.. Pages(File.ReadAllBytes(path))];
        _contents.Files.Add(file);
        for (var directory = Path.GetDirectoryName(path)!; directory.Length > Root.Length; directory = Path.GetDirectoryName(directory)!)
        {
            var above = FileStat.Of(directory);
            _contents.Directories.Add(new ParentDirectory { Path = ByteString.CopyFromUtf8(directory), Mode = above.Permissions, Owner = above.Owner, Group = above.Group });
        }

        return file;
    }

    /// <summary>Says of an old version that it carried nothing of files but this.</summary>
    public void MakeOld(params IEnumerable<OpenFile> files)
    {
        _generation.Put(ImageVersion.Files, new Files { OpenFiles = { files } });
        _isOld = true;
    }

    public FilePlan Plan(bool keepFiles = false) => new FilePlanner(Images(), _generation, "md-12", new RestoreChoices(KeepFiles: keepFiles)).Plan();

    /// <summary>Restores the files.</summary>
    public IReadOnlyList<FileChange> Restore(bool keepFiles = false)
    {
        var images = Images();
        var restorer = new FileRestorer(new FilePlanner(images, _generation, "md-12", new RestoreChoices(KeepFiles: keepFiles)).Plan(), images.Inventory, _generation, OnStep);
        restorer.Apply();
        return restorer.Changes;
    }

    public void Dispose() => _scratch.Dispose();

    private bool _isOld;

    /// <summary>The generation as it is now.</summary>
    public FakeGeneration Generation()
    {
        if (!_isOld)
        {
            _generation.Put(ImageVersion.FileContents, _contents);
        }

        return _generation;
    }

    private GenerationImages Images() => GenerationImages.Load(Generation());

    private static IEnumerable<(ulong, byte[])> Pages(byte[] bytes)
    {
        for (var offset = 0; offset < bytes.Length; offset += PageBytes)
        {
            var page = new byte[PageBytes];
            bytes.AsSpan(offset, Math.Min(PageBytes, bytes.Length - offset)).CopyTo(page);
            if (page.AsSpan().ContainsAnyExcept((byte)0))
            {
                yield return ((ulong)offset, page);
            }
        }
    }
}
