namespace Checkpointer.Store.Packs;

/// <summary>A pack in <c>packs/</c>, as the index wants to know it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Bytes">File size.</param>
/// <param name="Entries">Its chunks, in file order.</param>
/// <param name="TrailerHash">Hash in its trailer; ties the index to this very file.</param>
internal sealed record PublishedPack(PackId Id, long Bytes, IReadOnlyList<PackEntry> Entries, ReadOnlyMemory<byte> TrailerHash);
