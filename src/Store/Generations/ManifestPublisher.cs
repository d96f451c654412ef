using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>The end of the write order of docs/format.md: the manifest in the last pack, then the transaction that makes the generation exist.</summary>
internal static class ManifestPublisher
{
    /// <summary>Publishes. Precondition: all chunks that the generation needs are durable. The packs before the manifest's are filled in.</summary>
    /// <exception cref="StoreException">The generation does not exist.</exception>
    public static GenerationRecord Publish(StoreContext store, PackAppender appender, ChunkEncoder encoder, Manifest manifest)
    {
        manifest = manifest with { EarlierPacks = [.. appender.Published.Select(pack => pack.Id)] };
        var bytes = Encode(manifest);
        var id = store.Names.Of(bytes);
        var record = encoder.Encode(ChunkKind.Manifest, id, bytes, out var header);
        appender.AppendManifest(header, record);
        var packs = appender.Published;
        var generation = new GenerationRecord(manifest.Name, manifest.CreatedAt, manifest.Duration, packs.Sum(pack => pack.Bytes), manifest.Summary);
        IndexCommit.Run(store.Index, packs.Select(pack => PackContents.ReadBack(store, pack)), [new NewGeneration(generation, id, manifest.Job)]);
        return generation;
    }

    private static byte[] Encode(Manifest manifest)
    {
        var bytes = ManifestCodec.Encode(manifest);
        if (bytes.Length > PackFormat.ManifestBytesMax)
        {
            throw new StoreException(StoreFailure.Failed, $"the manifest of {manifest.Name} has {bytes.Length} bytes, more than {PackFormat.ManifestBytesMax}", "the job has too many images and contents for one generation");
        }

        Invariant.Require(ManifestCodec.Encode(ManifestCodec.Decode(bytes)).AsSpan().SequenceEqual(bytes), $"the manifest of {manifest.Name} does not read back");
        return bytes;
    }
}
