using Checkpointer.Store.Chunking;
using Checkpointer.Store.Generations.Messages;
using Checkpointer.Store.Packs;
using Google.Protobuf;

namespace Checkpointer.Store.Generations;

/// <summary>Manifests to protobuf and back, every field checked.</summary>
internal static class ManifestCodec
{
    /// <summary>Most bytes of one image.</summary>
    public const long ImageBytesMax = 64L << 20;

    /// <summary>Encodes.</summary>
    public static byte[] Encode(Manifest manifest)
    {
        var message = new ManifestMessage
        {
            Number = manifest.Name.Number,
            CreatedUs = Instant.ToMicroseconds(manifest.CreatedAt),
            DurationUs = manifest.Duration.Ticks / TimeSpan.TicksPerMicrosecond,
            Job = ManifestFacts.ToMessage(manifest.Job),
            Summary = ManifestFacts.ToMessage(manifest.Summary),
            BaseGeneration = manifest.BaseGeneration,
        };
        message.EarlierPacks.Add(manifest.EarlierPacks.Select(pack => ByteString.CopyFrom(pack.ToArray())));
        message.Images.Add(manifest.Images.Select(ToMessage));
        message.Contents.Add(manifest.Contents.Select(ToMessage));
        return message.ToByteArray();
    }

    /// <summary>Decodes and checks.</summary>
    /// <exception cref="PackFormatException">Not a manifest.</exception>
    public static Manifest Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return FromMessage(ManifestMessage.Parser.ParseFrom(bytes));
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new PackFormatException(0, $"the manifest is not valid protobuf: {exception.Message}");
        }
    }

    private static Manifest FromMessage(ManifestMessage message)
    {
        PackFormatException.Require(message.Job is not null && message.Summary is not null, 0, "the manifest lacks its job or summary");
        PackFormatException.Require(message.Number > 0 && message.DurationUs is >= 0 and < long.MaxValue / 10, 0, "the manifest's number or duration is out of range");
        var manifest = new Manifest(
            new GenerationName(message.Job!.Name, message.Number),
            ManifestFacts.Time(message.CreatedUs),
            TimeSpan.FromMicroseconds(message.DurationUs),
            ManifestFacts.FromMessage(message.Job),
            ManifestFacts.FromMessage(message.Summary!),
            [.. message.EarlierPacks.Select(Pack)],
            [.. message.Images.Select(FromMessage)],
            [.. message.Contents.Select(FromMessage)],
            message.BaseGeneration);
        RequireUnique(manifest.Images.Select(image => image.Name));
        RequireUnique(manifest.Contents.Select(content => content.Name));
        return manifest;
    }

    private static ImageMessage ToMessage(ImageEntry image)
    {
        var message = new ImageMessage { Name = image.Name, Bytes = image.Bytes };
        message.Pieces.Add(image.Pieces.Select(piece => ByteString.CopyFrom(piece.ToArray())));
        return message;
    }

    private static ContentMessage ToMessage(ContentEntry content)
    {
        var message = new ContentMessage { Name = content.Name };
        message.Tables.Add(content.Tables.Select(
            table => new TableMessage { Index = table.Index, Chunk = ByteString.CopyFrom(table.Chunk.ToArray()) }));
        return message;
    }

    private static ImageEntry FromMessage(ImageMessage message)
    {
        var pieces = (message.Bytes + Geometry.ChunkBytesMax - 1) / Geometry.ChunkBytesMax;
        PackFormatException.Require(
            message.Bytes is >= 0 and <= ImageBytesMax && pieces == message.Pieces.Count, 0, $"image '{message.Name}' of {message.Bytes} bytes has {message.Pieces.Count} pieces");
        return new ImageEntry(message.Name, message.Bytes, [.. message.Pieces.Select(Chunk)]);
    }

    private static ContentEntry FromMessage(ContentMessage message)
    {
        var tables = message.Tables.Select(table => new TableEntry(table.Index, Chunk(table.Chunk))).ToArray();
        for (var i = 0; i < tables.Length; i++)
        {
            PackFormatException.Require(
                tables[i].Index < Geometry.SpaceTables && (i == 0 || tables[i - 1].Index < tables[i].Index), 0, $"the tables of content '{message.Name}' do not ascend");
        }

        return new ContentEntry(message.Name, tables);
    }

    private static ChunkId Chunk(ByteString bytes)
    {
        PackFormatException.Require(bytes.Length == ChunkId.Bytes, 0, $"the manifest has a chunk id of {bytes.Length} bytes");
        return new ChunkId(bytes.Span);
    }

    private static PackId Pack(ByteString bytes)
    {
        PackFormatException.Require(bytes.Length == PackId.Bytes, 0, $"the manifest has a pack id of {bytes.Length} bytes");
        return new PackId(bytes.Span);
    }

    private static void RequireUnique(IEnumerable<string> names)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            PackFormatException.Require(Names.IsEntry(name) && seen.Add(name), 0, $"the manifest has the name '{name}' twice, or it is not a name");
        }
    }
}
