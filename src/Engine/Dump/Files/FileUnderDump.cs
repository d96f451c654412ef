using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Dump;

/// <summary>One file in one dump: open for reading, and what its content in the generation holds so far.</summary>
internal sealed class FileUnderDump : IDisposable
{
    private readonly byte[] _buffer;
    private readonly SafeFd _file;
    private ObjectReader _reader;
    private SafeFd _fd;
    private bool _canClone;

    private FileUnderDump(string path, SafeFd fd, in FileStat stat, FileRecord record, byte[] buffer)
    {
        Path = path;
        _buffer = buffer;
        _file = _fd = fd;
        _reader = new ObjectReader(fd, path);
        Seen = stat;
        Record = record;
        Blocks = record.Committed is { } committed ? new BlockMap(committed) : new BlockMap();
        HasExactTimes = FileSystems.HasExactTimes(fd, path);
    }

    /// <summary>Its name.</summary>
    public string Path { get; }

    /// <summary>What is known of it between dumps.</summary>
    public FileRecord Record { get; }

    /// <summary>What its content holds.</summary>
    public BlockMap Blocks { get; }

    /// <summary>Times of its file system show each write.</summary>
    public bool HasExactTimes { get; }

    /// <summary>What it was when reading it ahead began.</summary>
    public FileStat Seen { get; private set; }

    /// <summary>All of it was read ahead, or need not be read.</summary>
    public bool IsTakenAhead { get; private set; }

    /// <summary>Number of its watch; -1 where it has none.</summary>
    public int Watch { get; private set; } = -1;

    /// <summary>What it was at the freeze.</summary>
    public FileStat Frozen { get; set; }

    /// <summary>The same size and times as at the freeze mean the same contents.</summary>
    public bool IsSettled { get; set; }

    /// <summary>Blocks that were not copied inside the freeze are to be compared after it.</summary>
    public bool NeedsProof { get; set; }

    /// <summary>All is read from a clone that holds the file as it was at the freeze.</summary>
    public bool IsCloned => _fd != _file;

    /// <summary>All that it had was copied inside the freeze.</summary>
    public bool IsCopiedWhole { get; set; }

    /// <summary>Attributes as they were last read.</summary>
    public IReadOnlyList<ExtendedAttribute> Attributes { get; private set; } = [];

    /// <summary>Opens a file; null where its name is another's by now.</summary>
    /// <param name="file">The file.</param>
    /// <param name="memory">What is known between dumps.</param>
    /// <param name="buffer">One block, for whoever reads at a time.</param>
    public static FileUnderDump? TryOpen(WrittenFile file, FileMemory memory, byte[] buffer)
    {
        // Reading leaves no trace in the access time; nobody but the owner and root may ask for that.
        if (OwnFd.TryOpen(file.Path, FileFlag.O_RDONLY | FileFlag.O_NOFOLLOW | FileFlag.O_NONBLOCK | FileFlag.O_NOATIME) is not { } fd)
        {
            return LastError.Get() is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP ? null : throw new LinuxException($"open of {file.Path}", LastError.Get());
        }

        var stat = FileStat.Of(fd.Path);
        if (stat.Inode != file.Inode || stat.Device != file.Device)
        {
            fd.Dispose();
            return null;
        }

        return new FileUnderDump(file.Path, fd, stat, memory.Of(stat), buffer);
    }

    /// <summary>What it is now.</summary>
    public FileStat Stat() => FileStat.Of(_file.Path);

    /// <summary>The content in the generation.</summary>
    public IPageSink Content(OpenContents contents) => contents.Of(Record.ContentName, Record.Committed is not null);

    /// <summary>Begins to watch for writes, and takes what changed since the last generation, while the job may write on.</summary>
    public void TakeAhead(FileWatch watch, OpenContents contents, CancellationToken cancellation)
    {
        if (HasExactTimes)
        {
            Watch = watch.Add(_fd);
        }

        Seen = Stat();
        Attributes = ExtendedAttributes.Of(_file, Path);
        IsTakenAhead = true;
        if (HasExactTimes && Record.CommittedStamp == FileStamp.Of(Seen))
        {
            return;
        }

        var changed = Take(0, Seen.Bytes, Content(contents), cancellation);
        if (Record.Committed is not null)
        {
            Record.NoteHot(changed.Where(block => block < BlockMap.CountOf(Record.CommittedBytes) - 1));
        }
    }

    /// <summary>Takes what was appended since, so that little is left for the freeze.</summary>
    public void CatchUp(OpenContents contents, CancellationToken cancellation)
    {
        var bytes = Stat().Bytes;
        if (IsTakenAhead && bytes > Seen.Bytes)
        {
            Take(Seen.Bytes / BlockMap.BlockBytes, bytes, Content(contents), cancellation);
            Seen = Seen with { Bytes = bytes };
            IsCaughtUp = true;
        }

        if (Record.Doubts > 0 || Record.Hot.Count > 0)
        {
            // Tries it, and has the kernel write what would hold up the clone inside the freeze.
            using var clone = FileClone.TryMake(_fd, Path);
            _canClone = clone is not null;
        }
    }

    /// <summary>Clones the file inside the freeze, if it is rewritten in place and a clone was possible ahead. From then on all is read from the clone.</summary>
    public bool TryClone()
    {
        if (!_canClone || FileClone.TryMake(_fd, Path) is not { } clone)
        {
            return false;
        }

        _fd = clone;
        _reader = new ObjectReader(clone, Path);
        return true;
    }

    /// <summary>Takes all from the clone.</summary>
    public void TakeClone(OpenContents contents, CancellationToken cancellation) => Take(0, Frozen.Bytes, Content(contents), cancellation);

    /// <summary>It grew while it was read ahead.</summary>
    public bool IsCaughtUp { get; private set; }

    /// <summary>Reads attributes again where they may have changed since.</summary>
    public void RefreshAttributes()
    {
        if (!IsTakenAhead || Frozen.ChangedNs != Seen.ChangedNs)
        {
            Attributes = ExtendedAttributes.Of(_file, Path);
        }
    }

    /// <summary>Blocks of the file that are no holes, ascending, from one on.</summary>
    /// <param name="first">Number of the first.</param>
    /// <param name="bytes">Size of the file; it may have more by now.</param>
    public IEnumerable<long> DataBlocks(long first, ulong bytes) =>
        BlockMap.Of(DataRanges.Of(_fd, bytes, Path)).SkipWhile(block => block < first).TakeWhile(block => block < BlockMap.CountOf(bytes));

    /// <summary>Reads the pages of a block, as far as the file reached at a size; the rest of the last page is zero.</summary>
    public Span<byte> Read(long block, ulong bytes, Span<byte> target)
    {
        var start = (ulong)block * BlockMap.BlockBytes;
        var length = (int)Math.Min(BlockMap.BlockBytes, bytes - start);
        _reader.Read(start, target[..length]);
        var pages = (int)((length + (int)PageRange.PageBytes - 1) / (int)PageRange.PageBytes * (int)PageRange.PageBytes);
        target[length..pages].Clear();
        return target[..pages];
    }

    /// <summary>Reads a block into the buffer, which the next call takes again.</summary>
    public ReadOnlySpan<byte> Read(long block, ulong bytes) => Read(block, bytes, _buffer);

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader.Dispose();
        _file.Dispose();
    }

    private List<long> Take(ulong first, ulong bytes, IPageSink content, CancellationToken cancellation)
    {
        var changed = new List<long>();
        var data = new HashSet<long>();
        foreach (var block in DataBlocks((long)first, bytes))
        {
            cancellation.ThrowIfCancellationRequested();
            data.Add(block);
            if (Blocks.Put(content, block, Read(block, bytes)))
            {
                changed.Add(block);
            }
        }

        Blocks.Clear(content, [.. Blocks.Blocks.Where(block => block >= (long)first && !data.Contains(block))]);
        return changed;
    }
}
