using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Restore;

/// <summary>Finds which pages of a file differ from a content. Reads both whole; changes nothing.</summary>
internal sealed class FileComparison(SafeFd fd, CarriedFile file, ulong bytesNow, string name)
{
    private const int BufferBytes = 1 << 20;

    private readonly List<PageRange> _differing = [];
    private readonly List<PageRange> _stored = [];
    private readonly byte[] _buffer = new byte[BufferBytes];

    /// <summary>Pages that differ, up to the size of the content.</summary>
    public PageSet Differing { get; private set; } = PageSet.Empty;

    /// <summary>Bytes of the content that are not zero.</summary>
    public ulong StoredBytes { get; private set; }

    /// <summary>Compares.</summary>
    public FileComparison Run(ICheckpointSource source)
    {
        source.ReadPages(file.Content, CompareStored);
        var data = PageSet.Of(DataRanges.Of(fd, Math.Min(bytesNow, file.Bytes), name));
        foreach (var range in data.Except(PageSet.Of(_stored)).Pieces(BufferBytes))
        {
            Compare(range.Start, range.Bytes, []);
        }

        Differing = PageSet.Of(_differing);
        return this;
    }

    private void CompareStored(ulong offset, ReadOnlySpan<byte> pages)
    {
        StoredBytes += (ulong)pages.Length;
        _stored.Add(new PageRange(offset, offset + (ulong)pages.Length));
        for (var done = 0; done < pages.Length; done += BufferBytes)
        {
            var piece = pages[done..Math.Min(pages.Length, done + BufferBytes)];
            Compare(offset + (ulong)done, (ulong)piece.Length, piece);
        }
    }

    /// <summary>Compares with bytes, or with zeros where there are none.</summary>
    private void Compare(ulong start, ulong bytes, ReadOnlySpan<byte> wanted)
    {
        var now = _buffer.AsSpan(0, (int)bytes);
        Read(start, now);
        for (var page = 0; page < now.Length && start + (ulong)page < file.Bytes; page += (int)PageRange.PageBytes)
        {
            var length = (int)Math.Min(PageRange.PageBytes, file.Bytes - start - (ulong)page);
            var isSame = wanted.IsEmpty
                ? !now.Slice(page, length).ContainsAnyExcept((byte)0)
                : now.Slice(page, length).SequenceEqual(wanted.Slice(page, length));
            if (!isSame)
            {
                Add(start + (ulong)page);
            }
        }
    }

    /// <summary>Behind the end of the file there are zeros.</summary>
    private void Read(ulong start, Span<byte> target)
    {
        while (target.Length > 0)
        {
            var read = FileBytes.Read(fd, (long)start, target, name);
            if (read == 0)
            {
                target.Clear();
                return;
            }

            start += (ulong)read;
            target = target[read..];
        }
    }

    private void Add(ulong page)
    {
        if (_differing.Count > 0 && _differing[^1].End == page)
        {
            _differing[^1] = _differing[^1] with { End = page + PageRange.PageBytes };
            return;
        }

        _differing.Add(new PageRange(page, page + PageRange.PageBytes));
    }
}
