using System.Globalization;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// Overview. Takes the files that a job writes as they are at the freeze, without the freeze growing with their size.
/// 1. Ahead, beside the job: what changed since the last generation is read and handed over; a watch tells whether the file is written meanwhile.
/// 2. In the freeze, when no system call is under way: a file that was not written since step 1 began is done. Of others the end, the first block, what lies at file
/// positions and what changed lately is copied; small files are copied whole.
/// 3. Beside the job again: <see cref="FileProof"/> shows that the rest is as it was, or fails the dump. Its repetition clones the file inside the freeze where the file system can,
/// and else copies more.
/// </summary>
internal sealed class FileCapture(ProcessId root, FileMemory memory, FilePolicy policy, Action<string> step) : IDisposable
{
    /// <summary>Dumps in a row that fail because a file is written all the while; the next one copies it whole, or does as the policy says.</summary>
    public const int DoubtsMax = 2;

    private const string Resource = "file";

    // Copied whole, where memory for it is ready: some 0.3 ms each.
    private const ulong SmallBytes = 1 << 20;

    private readonly Dictionary<(ulong Device, ulong Inode), FileUnderDump> _files = [];
    private readonly List<FileUnderDump> _taken = [];
    private readonly FileWatch _watch = new();
    private readonly FrozenBlocks _blocks = new();
    private readonly ParentDirectories _parents = new();
    private readonly byte[] _buffer = new byte[BlockMap.BlockBytes];
    private HashSet<int> _written = [];
    private bool _trustsWatch;
    private long _budgetLeft;

    /// <summary>Takes a file of the host that nobody writes, both ways, so that no freeze waits for this code to be compiled.</summary>
    public static void Rehearse()
    {
        const string Path = "/etc/passwd";
        if (FileStat.TryOf(Path, followsLinks: false) is not { Type: FileFlag.S_IFREG, Bytes: < SmallBytes } stat)
        {
            return;
        }

        var files = new Files
        {
            OpenFiles =
            {
                new OpenFile
                {
                    Kind = OpenFile.Types.Kind.Regular, Path = Google.Protobuf.ByteString.CopyFromUtf8(Path), Flags = FileFlag.O_WRONLY, Device = stat.Device, Inode = stat.Inode,
                },
            },
        };
        foreach (var mapped in (ulong[])[0, stat.Inode])
        {
            using var contents = new OpenContents(new NoSink());
            using var capture = new FileCapture(new ProcessId(Environment.ProcessId), new FileMemory(), FilePolicy.Default, static _ => { });
            capture.TakeAhead(files, new SharedObjectTable(), contents, default);
            capture.CatchUp(contents, default);
            capture.Settle(files, new SharedObjectTable(), new HashSet<ulong> { mapped }, hasAsynchronousIo: false);
        }
    }

    /// <summary>What is refused, and what is carried with a difference.</summary>
    public FindingList Findings { get; } = new();

    /// <summary>What the generation carries.</summary>
    public FileContents Image { get; } = new();

    /// <summary>Takes ahead of the freeze what changed. Runs beside the job.</summary>
    public void TakeAhead(Files files, SharedObjectTable objects, OpenContents contents, CancellationToken cancellation)
    {
        _blocks.Reserve();
        if (policy.Files != FileChoice.Contents)
        {
            return;
        }

        _budgetLeft = policy.TotalBytesMax;
        foreach (var file in WrittenFile.Of(files, objects, policy.Paths).Where(file => file is { Unreadable: null, SharedMemory: 0 }))
        {
            if (FileUnderDump.TryOpen(file, memory, _buffer) is not { } opened)
            {
                continue;
            }

            _files.Add((file.Device, file.Inode), opened);
            _parents.Add(file.Path);
            if (WhyOverBudget(opened.Seen) is null)
            {
                step($"take {file.Path} ahead");
                opened.TakeAhead(_watch, contents, cancellation);
            }
        }
    }

    /// <summary>Takes what was appended since. Runs beside the job, right before the freeze.</summary>
    public void CatchUp(OpenContents contents, CancellationToken cancellation)
    {
        foreach (var file in _files.Values)
        {
            file.CatchUp(contents, cancellation);
        }
    }

    /// <summary>Looks at all files and copies what may have changed. Runs inside the freeze; the caller looks at the findings.</summary>
    /// <param name="files">Open files.</param>
    /// <param name="objects">Objects whose bytes belong to the generation anyway.</param>
    /// <param name="mapped">Inodes of files that may be written through a mapping.</param>
    /// <param name="hasAsynchronousIo">Some process has a context of io_setup(2), whose writes no watch reports.</param>
    public void Settle(Files files, SharedObjectTable objects, IReadOnlySet<ulong> mapped, bool hasAsynchronousIo)
    {
        step("settle files");
        _trustsWatch = !hasAsynchronousIo;
        _written = _watch.Written();
        _budgetLeft = policy.TotalBytesMax;
        var now = ClockTime.Now(Clock.CLOCK_REALTIME);
        foreach (var file in WrittenFile.Of(files, objects, policy.Paths))
        {
            Image.Files.Add(policy.Files == FileChoice.Contents ? Settle(file, now, mapped) : Described(file, policy.Files == FileChoice.None ? CarriedFile.Types.Kind.Nothing : CarriedFile.Types.Kind.Size));
        }

        if (Findings.Refusals.Count == 0)
        {
            _blocks.Copy();
        }
    }

    /// <summary>Hands over what was copied, and proves the rest. Runs beside the job.</summary>
    /// <exception cref="EngineException">FileBusy: a file was written all the while.</exception>
    public void Deliver(OpenContents contents, CancellationToken cancellation)
    {
        var busy = new List<string>();
        foreach (var file in _taken)
        {
            step($"prove {file.Path}");
            var content = file.Content(contents);
            file.Blocks.Truncate(content, file.Frozen.Bytes);
            var copied = _blocks.Deliver(file, content);
            if (file.IsCloned)
            {
                file.TakeClone(contents, cancellation);
            }

            if (file.IsCopiedWhole)
            {
                file.Blocks.Clear(content, [.. file.Blocks.Blocks.Except(copied)]);
            }

            if (file.NeedsProof && FileProof.Run(file, content, copied, cancellation) is { Count: > 0 } doubtful)
            {
                file.Record.NoteDoubt(doubtful);
                busy.Add(file.Path);
                continue;
            }

            file.Record.Taken(file.Blocks, FileStamp.Of(file.Frozen), file.IsSettled);
        }

        // All files first: the next dump is to know of all that are busy.
        if (busy.Count > 0)
        {
            throw Busy(busy[0]);
        }

        Image.Directories.AddRange(_parents.Images);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }

        _watch.Dispose();
        _blocks.Dispose();
    }

    private CarriedFile Settle(WrittenFile file, long now, IReadOnlySet<ulong> mapped)
    {
        if (file.SharedMemory != 0)
        {
            var image = Described(file, CarriedFile.Types.Kind.Contents);
            image.Content = $"shared/{file.SharedMemory}";
            using var fd = OwnFd.Open(file.Path, FileFlag.O_RDONLY | FileFlag.O_NOATIME);
            image.Attributes.AddRange(ExtendedAttributes.Of(fd, file.Path));
            return image;
        }

        if (file.Unreadable is { } why)
        {
            Findings.Note(root, Resource, $"{file.Path} {why}; its size is carried, its contents are not.");
            return Described(file, CarriedFile.Types.Kind.Size);
        }

        var opened = Open(file);
        opened.Frozen = opened.Stat();
        if (WhyOverBudget(opened.Frozen) is { } over)
        {
            return OverBudget(file, over);
        }

        opened.IsSettled = opened.HasExactTimes && !mapped.Contains(file.Inode) && FileStamp.Of(opened.Frozen).IsSettled(now);
        if (!IsAsSeen(opened, mapped.Contains(file.Inode)) && CopyDoubtful(opened, file.Positions) is { } tooMuch)
        {
            return OverBudget(file, tooMuch);
        }

        opened.RefreshAttributes();
        _taken.Add(opened);
        return ImageOf(opened, file.IsOpen);
    }

    /// <summary>The file, opened now where its name was another's ahead of the freeze, or where it is new.</summary>
    private FileUnderDump Open(WrittenFile file)
    {
        if (!_files.TryGetValue((file.Device, file.Inode), out var opened))
        {
            opened = FileUnderDump.TryOpen(file, memory, _buffer)
                ?? throw new EngineException(EngineFailure.TimedOut, $"{file.Path} was replaced while the job was being dumped.", "dump it again");
            _files.Add((file.Device, file.Inode), opened);
            _parents.Add(file.Path);
        }

        return opened;
    }

    /// <summary>True where nothing was written since the file was looked at ahead: no call that writes has ended since, and none is under way.</summary>
    private bool IsAsSeen(FileUnderDump file, bool isMapped)
    {
        if (!file.IsTakenAhead || !file.HasExactTimes || isMapped || file.IsCaughtUp || FileStamp.Of(file.Frozen) != FileStamp.Of(file.Seen))
        {
            return false;
        }

        return file.Record.CommittedStamp == FileStamp.Of(file.Frozen) || (_trustsWatch && file.Watch >= 0 && !_written.Contains(file.Watch) && !_written.Contains(-1));
    }

    /// <summary>Has copied what may have changed.</summary>
    /// <returns>Null, or why it is too much.</returns>
    private string? CopyDoubtful(FileUnderDump file, IReadOnlyList<long> positions)
    {
        var bytes = file.Frozen.Bytes;
        var data = Math.Min(bytes, file.Frozen.AllocatedBytes);
        var isWhole = bytes <= SmallBytes || data + (ulong)_blocks.Bytes <= FrozenBlocks.ReserveBytes || !file.IsTakenAhead || file.Record.Doubts >= DoubtsMax;

        // Of a file that is rewritten in place, a block may be changed back before it is read again: the proof is for files that grow.
        isWhole |= file.Record.Hot.Count > 0 && (long)data + _blocks.Bytes <= policy.FreezeBytesMax;
        if ((bytes > SmallBytes || file.Record.Doubts >= DoubtsMax) && file.TryClone())
        {
            return null;
        }

        List<long> blocks = isWhole ? [.. file.DataBlocks(0, bytes)] : LikelyChanged(file, positions);
        if (((long)blocks.Count * BlockMap.BlockBytes) + _blocks.Bytes > policy.FreezeBytesMax)
        {
            if (file.Record.Doubts < DoubtsMax)
            {
                file.Record.NoteDoubt([]);
                throw Busy(file.Path);
            }

            return string.Create(CultureInfo.InvariantCulture, $"is written all the while, and more than {policy.FreezeBytesMax} bytes would have to be copied with the job standing still");
        }

        (file.IsCopiedWhole, file.NeedsProof) = (isWhole, !isWhole);
        _blocks.Add(file, blocks);
        return null;
    }

    private static List<long> LikelyChanged(FileUnderDump file, IReadOnlyList<long> positions)
    {
        var count = BlockMap.CountOf(file.Frozen.Bytes);
        var end = Math.Min((long)(Math.Min(file.Seen.Bytes, file.Frozen.Bytes) / BlockMap.BlockBytes), Math.Max(0, count - 1));
        var blocks = new SortedSet<long>(file.Record.Hot) { 0 };
        foreach (var block in positions.Select(position => position / BlockMap.BlockBytes))
        {
            blocks.UnionWith([block - 1, block, block + 1]);
        }

        for (var block = end; block < count; block++)
        {
            blocks.Add(block);
        }

        blocks.RemoveWhere(block => block < 0 || block >= count);
        return [.. blocks];
    }

    private string? WhyOverBudget(in FileStat stat)
    {
        var bytes = (long)Math.Min(stat.Bytes, stat.AllocatedBytes);
        if (bytes > policy.FileBytesMax)
        {
            return string.Create(CultureInfo.InvariantCulture, $"has {bytes} bytes, more than the {policy.FileBytesMax} that one file may have");
        }

        if (bytes > _budgetLeft)
        {
            return string.Create(CultureInfo.InvariantCulture, $"with its {bytes} bytes brings the files over {policy.TotalBytesMax} bytes together");
        }

        _budgetLeft -= bytes;
        return null;
    }

    private CarriedFile OverBudget(WrittenFile file, string why)
    {
        if (policy.RefusesOverBudget)
        {
            Findings.Refuse(root, Resource, $"{file.Path} {why}; raise that limit of the job, or let sizes be enough (--files-over sizes).");
        }
        else
        {
            Findings.Note(root, Resource, $"{file.Path} {why}; its size is carried, its contents are not.");
        }

        return Described(file, CarriedFile.Types.Kind.Size);
    }

    private static CarriedFile ImageOf(FileUnderDump file, bool isOpen)
    {
        var image = Described(file.Path, file.Frozen, CarriedFile.Types.Kind.Contents, isOpen);
        image.Content = file.Record.ContentName;
        image.IsSettled = file.IsSettled;
        image.Attributes.AddRange(file.Attributes);
        return image;
    }

    private static CarriedFile Described(WrittenFile file, CarriedFile.Types.Kind kind)
    {
        var image = Described(file.Path, FileStat.Of(file.Path), kind, file.IsOpen);
        image.SharedMemory = file.SharedMemory;
        return image;
    }

    private static CarriedFile Described(string path, in FileStat stat, CarriedFile.Types.Kind kind, bool isOpen) => new()
    {
        Path = Google.Protobuf.ByteString.CopyFromUtf8(path),
        Kind = kind,
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
        IsOpen = isOpen,
    };

    private static EngineException Busy(string path) =>
        new(EngineFailure.FileBusy, $"{path} is written all the while, so that nothing tells what it was when the job stood still.", "dump it again, or set --files sizes for the job");
}
