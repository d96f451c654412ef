namespace Checkpointer.Store.Packs;

/// <summary>A pack in <c>packs/</c>, as the index wants to know it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Bytes">File size.</param>
/// <param name="Count">Its records.</param>
/// <param name="TrailerHash">Hash in its trailer; ties the index to this very file.</param>
internal sealed record PublishedPack(PackId Id, long Bytes, int Count, ReadOnlyMemory<byte> TrailerHash);

/// <summary>A pack with its chunks in file order, while the index takes them in.</summary>
internal sealed record PackContents(PublishedPack Pack, IReadOnlyList<PackEntry> Entries)
{
    /// <summary>Reads the trailer of a pack just published. A generation can have millions of chunks: they are not kept until its commit.</summary>
    /// <exception cref="StoreException">Corrupt: what is on disk is not what was written.</exception>
    public static PackContents ReadBack(StoreContext store, PublishedPack published)
    {
        try
        {
            using var pack = PackFile.Open(store.Files, store.Paths, published.Id, store.Format.StoreId);
            PackFormatException.Require(pack is not null, 0, "it has vanished");
            pack!.ProveHeader();
            var trailer = pack.ReadTrailer();
            PackFormatException.Require(trailer.Hash.Span.SequenceEqual(published.TrailerHash.Span), trailer.Offset, "it has another trailer");
            return new PackContents(published, trailer.Entries);
        }
        catch (PackFormatException exception)
        {
            throw new StoreException(
                StoreFailure.Corrupt, $"pack {published.Id.FileName} does not read back as it was written: {exception.Message}", "check the disk", exception);
        }
    }
}
