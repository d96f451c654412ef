using Checkpointer.Store.Chunking;
using Checkpointer.Store.Compression;
using Checkpointer.Store.Encryption;
using Checkpointer.Store.Files;
using Checkpointer.Store.Index;
using Checkpointer.Store.Packs;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Store;

/// <summary>What the parts of an open store share. Owned and disposed by <see cref="CheckpointStore"/>.</summary>
internal sealed record StoreContext(
    IFileSystem Files, StorePaths Paths, StoreFormat Format, StoreOptions Options, TimeProvider Time, IndexDatabase Index,
    PackCache Packs, ChunkNames Names, StoreCipher? Cipher, ILogger Log)
{
    /// <summary>Loaded when first needed: listing jobs works without liblz4.</summary>
    public Lazy<IBlockCodec> Codec { get; } = new(() => Interop.Lz4Codec.Load());

    /// <summary>An encoder for one thread.</summary>
    public ChunkEncoder NewEncoder() => new(Codec.Value, Cipher);

    /// <summary>Jobs.</summary>
    public JobTable Jobs => new(Index);

    /// <summary>What happened to jobs.</summary>
    public EventTable Events => new(Index);

    /// <summary>Generations.</summary>
    public GenerationTable Generations => new(Index);

    /// <summary>Changes of generations.</summary>
    public GenerationUpkeep Upkeep => new(Index);

    /// <summary>Chunks that are known to be bad.</summary>
    public BadChunkTable BadChunks => new(Index);

    /// <summary>Packs.</summary>
    public PackTable PackTable => new(Index);
}
