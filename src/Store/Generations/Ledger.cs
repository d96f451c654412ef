using Checkpointer.Store.Chunking;
using Checkpointer.Store.Generations.Messages;
using Checkpointer.Store.Packs;
using Google.Protobuf;

namespace Checkpointer.Store.Generations;

/// <summary>What the index knows of a generation beyond its packs.</summary>
internal sealed record LedgerFacts(long NewBytes, bool IsPinned, string Note);

/// <summary>
/// What a collection of garbage tells whoever rebuilds the index or finishes the collection after a crash. A union of several says what all of them say: packs that
/// were retired, and manifests of forgotten generations, never come back.
/// </summary>
internal sealed class Ledger
{
    /// <summary>Packs whose live chunks are elsewhere now.</summary>
    public HashSet<PackId> RetiredPacks { get; } = [];

    /// <summary>Those of them that were damaged: their files are kept aside.</summary>
    public HashSet<PackId> QuarantinedPacks { get; } = [];

    /// <summary>Manifests that make no generation any more.</summary>
    public HashSet<ChunkId> ForgottenManifests { get; } = [];

    /// <summary>Numbers that the next generations of jobs get.</summary>
    public Dictionary<string, long> NextNumbers { get; } = new(StringComparer.Ordinal);

    /// <summary>Facts of generations by their manifests.</summary>
    public Dictionary<ChunkId, LedgerFacts> Generations { get; } = [];

    /// <summary>Takes over what another one says.</summary>
    public void Add(Ledger other)
    {
        RetiredPacks.UnionWith(other.RetiredPacks);
        QuarantinedPacks.UnionWith(other.QuarantinedPacks);
        ForgottenManifests.UnionWith(other.ForgottenManifests);
        foreach (var (job, number) in other.NextNumbers)
        {
            NextNumbers[job] = Math.Max(number, NextNumbers.GetValueOrDefault(job));
        }

        foreach (var (manifest, facts) in other.Generations)
        {
            Generations[manifest] = facts;
        }
    }

    /// <summary>Encodes, the same for the same contents. Postcondition: it was decoded again and compared.</summary>
    /// <exception cref="StoreException">Failed: it is too large for a chunk.</exception>
    public byte[] Encode()
    {
        var message = new LedgerMessage();
        message.RetiredPacks.Add(RetiredPacks.Order().Select(pack => ByteString.CopyFrom(pack.ToArray())));
        message.QuarantinedPacks.Add(QuarantinedPacks.Order().Select(pack => ByteString.CopyFrom(pack.ToArray())));
        message.ForgottenManifests.Add(InOrder(ForgottenManifests).Select(manifest => ByteString.CopyFrom(manifest.ToArray())));
        message.Jobs.Add(NextNumbers.OrderBy(job => job.Key, StringComparer.Ordinal)
            .Select(job => new LedgerJobMessage { Name = job.Key, NextNumber = job.Value }));
        message.Generations.Add(InOrder(Generations.Keys).Select(manifest => ToMessage(manifest, Generations[manifest])));
        var bytes = message.ToByteArray();
        if (bytes.Length > PackFormat.ManifestBytesMax)
        {
            throw new StoreException(StoreFailure.Failed, $"the ledger of the collection has {bytes.Length} bytes, more than {PackFormat.ManifestBytesMax}", "forget generations first");
        }

        Invariant.Require(LedgerMessage.Parser.ParseFrom(bytes).Equals(message) && Decode(bytes).RetiredPacks.SetEquals(RetiredPacks), $"a ledger of {bytes.Length} bytes does not read back");
        return bytes;
    }

    /// <summary>Decodes and checks.</summary>
    /// <exception cref="PackFormatException">Not a ledger.</exception>
    public static Ledger Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return FromMessage(LedgerMessage.Parser.ParseFrom(bytes));
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new PackFormatException(0, $"the ledger is not valid protobuf: {exception.Message}");
        }
    }

    private static Ledger FromMessage(LedgerMessage message)
    {
        var ledger = new Ledger();
        ledger.RetiredPacks.UnionWith(message.RetiredPacks.Select(Pack));
        ledger.QuarantinedPacks.UnionWith(message.QuarantinedPacks.Select(Pack));
        ledger.ForgottenManifests.UnionWith(message.ForgottenManifests.Select(Chunk));
        foreach (var job in message.Jobs)
        {
            PackFormatException.Require(Names.IsJob(job.Name) && job.NextNumber > 0, 0, "the ledger has a job's name or number that is not allowed");
            ledger.NextNumbers[job.Name] = job.NextNumber;
        }

        foreach (var generation in message.Generations)
        {
            PackFormatException.Require(generation.NewBytes >= 0, 0, $"the ledger has a size of {generation.NewBytes} bytes");
            ledger.Generations[Chunk(generation.Manifest)] = new LedgerFacts(generation.NewBytes, generation.IsPinned, generation.Note);
        }

        return ledger;
    }

    private static LedgerGenerationMessage ToMessage(ChunkId manifest, LedgerFacts facts) => new()
    {
        Manifest = ByteString.CopyFrom(manifest.ToArray()),
        NewBytes = facts.NewBytes,
        IsPinned = facts.IsPinned,
        Note = facts.Note,
    };

    private static PackId Pack(ByteString bytes)
    {
        PackFormatException.Require(bytes.Length == PackId.Bytes, 0, $"the ledger has a pack id of {bytes.Length} bytes");
        return new PackId(bytes.Span);
    }

    private static ChunkId Chunk(ByteString bytes)
    {
        PackFormatException.Require(bytes.Length == ChunkId.Bytes, 0, $"the ledger has a chunk id of {bytes.Length} bytes");
        return new ChunkId(bytes.Span);
    }

    private static IEnumerable<ChunkId> InOrder(IEnumerable<ChunkId> ids) => ids.OrderBy(id => id.ToString(), StringComparer.Ordinal);
}
