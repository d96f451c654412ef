using Checkpointer.Engine.Images;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Restore;

/// <summary>Puts the pages of one process back. Precondition: its mappings are there, and not touched yet.</summary>
internal sealed class PageFiller(RestoredProcess process)
{
    private const int ZerosBytes = 1 << 20;

    /// <summary>Writes all pages that the generation has for the process.</summary>
    public void Fill(ICheckpointSource source, Action<long> bytesDone)
    {
        var written = new List<PageRange>();
        source.ReadPages(ImageVersion.Memory(process.Id.Value), (address, pages) =>
        {
            process.Memory.Write(new RemotePtr(address), pages);
            written.Add(new PageRange(address, address + (ulong)pages.Length));
            bytesDone(pages.Length);
        });
        WriteZeros(OwnFilePages().Except(PageSet.Of(written)));
    }

    private PageSet OwnFilePages() => PageSet.Of([.. process.Images.Space.OwnFilePages.Select(own => new PageRange(own.Start, own.End))]);

    /// <summary>Zeros are not in the content. In a mapping of a file they have to be written, or the file would show.</summary>
    private void WriteZeros(PageSet pages)
    {
        var zeros = pages.IsEmpty ? [] : new byte[ZerosBytes];
        foreach (var piece in pages.Pieces(ZerosBytes))
        {
            process.Memory.Write(new RemotePtr(piece.Start), zeros.AsSpan(0, (int)piece.Bytes));
        }
    }
}
