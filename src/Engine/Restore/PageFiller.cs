using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Restore;

/// <summary>Puts the pages of one process back. Precondition: its mappings are there.</summary>
/// <param name="process">The process.</param>
/// <param name="kept">Mappings that it has from its maker, with pages.</param>
internal sealed class PageFiller(RestoredProcess process, PageSet kept)
{
    private const int PageBytes = 4096;
    private const int PieceBytes = 1 << 20;

    private readonly PageSet _inherited = kept.Intersect(process.Inherited?.OwnPages ?? PageSet.Empty);
    private byte[] _present = [];

    /// <summary>Writes all pages that the generation has for the process, but for those that are so already; what it inherited beyond them is dropped.</summary>
    /// <returns>Pages of private mappings that are not a file's now.</returns>
    public PageSet Fill(ICheckpointSource source, Action<long> bytesDone)
    {
        var stored = new List<PageRange>();
        source.ReadPages(ImageVersion.Memory(process.Id.Value), (address, pages) =>
        {
            Put(address, pages);
            stored.Add(new PageRange(address, address + (ulong)pages.Length));
            bytesDone(pages.Length);
        });
        var content = PageSet.Of(stored);
        var zero = PageSet.Of([.. process.Images.Space.OwnFilePages.Select(own => new PageRange(own.Start, own.End))]).Except(content);
        PutZeros(zero);
        var own = content.Union(zero);
        Drop(_inherited.Except(own));
        return own;
    }

    private void Put(ulong address, ReadOnlySpan<byte> pages)
    {
        var range = new PageRange(address, address + (ulong)pages.Length);
        var done = address;
        foreach (var inherited in _inherited.Within(range))
        {
            Write(done, pages, address, inherited.Start);
            PutChanged(inherited, pages[(int)(inherited.Start - address)..]);
            done = inherited.End;
        }

        Write(done, pages, address, range.End);
    }

    private void Write(ulong from, ReadOnlySpan<byte> pages, ulong start, ulong to)
    {
        if (from < to)
        {
            process.Memory.Write(new RemotePtr(from), pages[(int)(from - start)..(int)(to - start)]);
        }
    }

    /// <summary>Writes those pages of a range that differ from what is there: the others stay shared with the maker.</summary>
    private void PutChanged(PageRange range, ReadOnlySpan<byte> pages)
    {
        _present = _present.Length == 0 ? new byte[PieceBytes] : _present;
        for (var start = range.Start; start < range.End; start += PieceBytes)
        {
            var length = (int)Math.Min(PieceBytes, range.End - start);
            var wanted = pages.Slice((int)(start - range.Start), length);
            var present = _present.AsSpan(0, length);
            process.Memory.Read(new RemotePtr(start), present);
            var written = 0;
            for (var page = 0; page <= length; page += PageBytes)
            {
                var isSame = page < length && present.Slice(page, PageBytes).SequenceEqual(wanted.Slice(page, PageBytes));
                if (isSame || page == length)
                {
                    Write(start + (ulong)written, wanted, start, start + (ulong)page);
                    written = page + PageBytes;
                }
            }
        }
    }

    /// <summary>Zeros are not in the content. In a mapping of a file they have to be written, or the file would show.</summary>
    private void PutZeros(PageSet pages)
    {
        var zeros = pages.IsEmpty ? [] : new byte[PieceBytes];
        foreach (var piece in pages.Pieces(PieceBytes))
        {
            Put(piece.Start, zeros.AsSpan(0, (int)piece.Bytes));
        }
    }

    private void Drop(PageSet pages)
    {
        var batch = new SyscallBatch();
        foreach (var range in pages.Ranges)
        {
            batch.Add(
                $"madvise(MADV_DONTNEED) of 0x{range.Start:x}-0x{range.End:x} in process {process.Id}", Sys.Madvise, [range.Start, range.Bytes, Memory.MADV_DONTNEED]);
        }

        process.Run(batch);
    }
}
