namespace Checkpointer.Engine.Dump;

/// <summary>What is known of one file between dumps.</summary>
/// <param name="number">Names its content.</param>
/// <param name="bornNs">When the file was made: another one may get its inode number.</param>
internal sealed class FileRecord(uint number, long bornNs)
{
    // 8 MiB: more does not make a header.
    private const int HotMax = 128;

    private (BlockMap Blocks, FileStamp Stamp, bool IsSettled)? _pending;

    /// <summary>Name of its content in generations.</summary>
    public string ContentName { get; } = $"file/{number}";

    /// <summary>When the file was made.</summary>
    public long BornNs => bornNs;

    /// <summary>What the last committed generation holds; null where it holds nothing of the file.</summary>
    public BlockMap? Committed { get; private set; }

    /// <summary>Size of the file in that generation.</summary>
    public ulong CommittedBytes { get; private set; }

    /// <summary>What the file was at the freeze of that generation; null where its times do not prove it.</summary>
    public FileStamp? CommittedStamp { get; private set; }

    /// <summary>Blocks before its end that were seen to change lately: they are copied inside the freeze.</summary>
    public IReadOnlyCollection<long> Hot { get; private set; } = [];

    /// <summary>Dumps in a row that could not tell what the file was at the freeze.</summary>
    public int Doubts { get; private set; }

    /// <summary>True where the current dump has taken the file.</summary>
    public bool IsTaken => _pending is not null;

    /// <summary>Begins a dump.</summary>
    public void BeginDump(bool hasBase)
    {
        _pending = null;
        if (!hasBase)
        {
            (Committed, CommittedStamp) = (null, null);
        }
    }

    /// <summary>Notes blocks that changed between two looks.</summary>
    public void NoteHot(IEnumerable<long> blocks) => Hot = [.. (Doubts > 0 ? Hot.Union(blocks) : blocks).Take(HotMax)];

    /// <summary>Notes that a dump could not tell what these blocks were at the freeze.</summary>
    public void NoteDoubt(IEnumerable<long> blocks)
    {
        Doubts++;
        Hot = [.. blocks.Union(Hot).Take(HotMax)];
    }

    /// <summary>Notes what the generation under way holds.</summary>
    public void Taken(BlockMap blocks, in FileStamp stamp, bool isSettled) => _pending = (blocks, stamp, isSettled);

    /// <summary>The generation under way was committed.</summary>
    public void Commit()
    {
        if (_pending is { } pending)
        {
            Committed = pending.Blocks;
            CommittedBytes = pending.Stamp.Bytes;
            CommittedStamp = pending.IsSettled ? pending.Stamp : null;
            Doubts = 0;
            _pending = null;
        }
    }
}
