namespace Checkpointer.Store;

/// <summary>A generation that was exported or imported.</summary>
/// <param name="Generation">Its name in this store.</param>
/// <param name="Source">Its name in the store that it was exported from.</param>
/// <param name="Bytes">Size of the export.</param>
/// <param name="Chunks">Records of the export.</param>
/// <param name="NewBytes">Bytes by which packs grew.</param>
public sealed record TransferReport(GenerationName Generation, GenerationName Source, long Bytes, long Chunks, long NewBytes);
