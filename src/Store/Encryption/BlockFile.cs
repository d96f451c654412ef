using System.Buffers.Binary;

namespace Checkpointer.Store.Encryption;

/// <summary>A file of SQLite as the system has it. Answers are result codes of SQLite.</summary>
internal interface IRawFile
{
    /// <summary>Reads; what lies behind the end is zero, and the answer says that some did.</summary>
    int Read(long offset, Span<byte> target);

    /// <summary>Writes all of it.</summary>
    int Write(long offset, ReadOnlySpan<byte> source);

    /// <summary>Cuts.</summary>
    int Truncate(long size);

    /// <summary>Tells the size.</summary>
    int Size(out long size);
}

/// <summary>
/// Overview. What SQLite takes for a file, encrypted block by block: a block of the file is a message of <see cref="CipherSet"/> on the disk, 28 bytes longer, bound to its number and to
/// what the file is. So nothing that SQLite knows of a database changes; only places and sizes do, and they are turned into each other here. A database is blocks of a page. A write-ahead log
/// has a header in the clear, salts and a checksum, and blocks of a frame, which SQLite writes in two pieces; the first is kept until the second comes. Any other piece of a block is read,
/// changed and written again. A block that does not decrypt is a failure, but for a whole frame: that is SQLite looking for the end of the log after a crash, which it finds where a frame is
/// not what it should be. One thread at a time.
/// </summary>
internal sealed class BlockFile
{
    /// <summary>SQLITE_OK.</summary>
    public const int Ok = 0;

    /// <summary>SQLITE_IOERR_SHORT_READ: it ended early, and the rest is zero.</summary>
    public const int ShortRead = 522;

    /// <summary>SQLITE_IOERR_DATA: a checksum of the file layer does not match.</summary>
    public const int BadData = 8202;

    /// <summary>The page size of an index; SQLite's default.</summary>
    public const int PageBytes = 4096;

    private const int LogHeaderBytes = 32; // sqlite.org/fileformat2.html, 4.1
    private const int FrameHeaderBytes = 24;
    private const int BoundBytes = 16;
    private const int NoBlock = -1;

    private readonly IRawFile _raw;
    private readonly CipherSet _ciphers;
    private readonly byte _kind;
    private readonly bool _isLog;
    private readonly int _head;
    private readonly int _blockBytes;
    private readonly byte[] _text;
    private readonly byte[] _message;
    private readonly byte[] _frameHeader = new byte[FrameHeaderBytes];
    private long _frameOfHeader = NoBlock;

    /// <summary>Joins a file to its key.</summary>
    /// <param name="raw">What is on the disk.</param>
    /// <param name="ciphers">Keys.</param>
    /// <param name="kind">What it is; no block is good in a file of another kind.</param>
    /// <param name="isLog">Whether it is a write-ahead log.</param>
    public BlockFile(IRawFile raw, CipherSet ciphers, byte kind, bool isLog)
    {
        _raw = raw;
        _ciphers = ciphers;
        _kind = kind;
        _isLog = isLog;
        _head = isLog ? LogHeaderBytes : 0;
        _blockBytes = isLog ? FrameHeaderBytes + PageBytes : PageBytes;
        _text = new byte[_blockBytes];
        _message = new byte[_blockBytes + CipherSet.OverheadBytes];
    }

    /// <summary>Bytes on the disk of a database of that many pages.</summary>
    public static long BytesOf(long pages) => pages * (PageBytes + CipherSet.OverheadBytes);

    /// <summary>Reads.</summary>
    public int Read(long offset, Span<byte> target)
    {
        var result = FlushHeader();
        while (result == Ok && !target.IsEmpty)
        {
            if (offset < _head)
            {
                var head = target[..(int)Math.Min(target.Length, _head - offset)];
                result = _raw.Read(offset, head);
                offset += head.Length;
                target = target[head.Length..];
                continue;
            }

            var (block, within) = Math.DivRem(offset - _head, _blockBytes);
            var count = (int)Math.Min(target.Length, _blockBytes - within);
            result = Load(block);
            if (result == BadData && _isLog && count == _blockBytes)
            {
                _text.AsSpan().Clear();
                result = Ok;
            }

            if (result == Ok)
            {
                _text.AsSpan((int)within, count).CopyTo(target);
                offset += count;
                target = target[count..];
            }
        }

        if (result == ShortRead)
        {
            target.Clear();
        }

        return result;
    }

    /// <summary>Writes.</summary>
    public int Write(long offset, ReadOnlySpan<byte> source)
    {
        var result = Ok;
        while (result == Ok && !source.IsEmpty)
        {
            if (offset < _head)
            {
                var head = source[..(int)Math.Min(source.Length, _head - offset)];
                result = _raw.Write(offset, head);
                offset += head.Length;
                source = source[head.Length..];
                continue;
            }

            var (block, within) = Math.DivRem(offset - _head, _blockBytes);
            var count = (int)Math.Min(source.Length, _blockBytes - within);
            result = WritePiece(block, (int)within, source[..count]);
            offset += count;
            source = source[count..];
        }

        return result;
    }

    /// <summary>Writes what was kept back. Must come before the file is synced, closed, or seen by others.</summary>
    public int FlushHeader()
    {
        if (_frameOfHeader == NoBlock)
        {
            return Ok;
        }

        var block = _frameOfHeader;
        _frameOfHeader = NoBlock;
        return Change(block, 0, _frameHeader);
    }

    /// <summary>Cuts to whole blocks that hold so many bytes.</summary>
    public int Truncate(long size)
    {
        var result = FlushHeader();
        if (result != Ok || size <= _head)
        {
            return result != Ok ? result : _raw.Truncate(size);
        }

        var blocks = (size - _head + _blockBytes - 1) / _blockBytes;
        return _raw.Truncate(PlaceOf(blocks));
    }

    /// <summary>Bytes that SQLite sees.</summary>
    public int Size(out long size)
    {
        size = 0;
        var result = FlushHeader();
        if (result == Ok && (result = _raw.Size(out var physical)) == Ok)
        {
            size = physical <= _head ? physical : _head + ((physical - _head) / _message.Length * _blockBytes);
        }

        return result;
    }

    private long PlaceOf(long block) => _head + (block * _message.Length);

    private int WritePiece(long block, int within, ReadOnlySpan<byte> piece)
    {
        if (piece.Length == _blockBytes)
        {
            _frameOfHeader = _frameOfHeader == block ? NoBlock : _frameOfHeader;
            piece.CopyTo(_text);
            return Store(block);
        }

        if (_isLog && within == 0 && piece.Length == FrameHeaderBytes)
        {
            var result = FlushHeader();
            piece.CopyTo(_frameHeader);
            _frameOfHeader = block;
            return result;
        }

        if (within == FrameHeaderBytes && _frameOfHeader == block && piece.Length == PageBytes)
        {
            _frameOfHeader = NoBlock;
            _frameHeader.CopyTo(_text, 0);
            piece.CopyTo(_text.AsSpan(FrameHeaderBytes));
            return Store(block);
        }

        var flushed = FlushHeader();
        return flushed == Ok ? Change(block, within, piece) : flushed;
    }

    private int Change(long block, int within, ReadOnlySpan<byte> piece)
    {
        var result = Load(block);
        if (result is not (Ok or ShortRead))
        {
            return result;
        }

        piece.CopyTo(_text.AsSpan(within));
        return Store(block);
    }

    // Into _text; zeros where the file does not reach so far.
    private int Load(long block)
    {
        var result = _raw.Read(PlaceOf(block), _message);
        if (result == ShortRead)
        {
            _text.AsSpan().Clear();
        }

        return result == Ok && !_ciphers.TryDecrypt(KeyOf(block), Bound(block, stackalloc byte[BoundBytes]), _message, _text) ? BadData : result;
    }

    private int Store(long block)
    {
        _ciphers.Encrypt(KeyOf(block), Bound(block, stackalloc byte[BoundBytes]), _text, _message);
        return _raw.Write(PlaceOf(block), _message);
    }

    private static byte KeyOf(long block) => unchecked((byte)block);

    private Span<byte> Bound(long block, Span<byte> target)
    {
        target[0] = _kind;
        target[1] = _isLog ? (byte)1 : (byte)0;
        target[2..8].Clear();
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], block);
        return target;
    }
}
