using System.Text.Json;
using System.Text.Json.Nodes;

namespace Checkpointer.Store.Files;

/// <summary>The <c>format</c> file: what makes a directory a store. Written last when a store is created.</summary>
internal sealed record StoreFormat(int Version, Guid StoreId)
{
    /// <summary>Version that this code writes and reads.</summary>
    public const int CurrentVersion = 4;

    /// <summary>Version of an encrypted store, which is the same otherwise. A program that knows no encryption refuses it.</summary>
    public const int EncryptedVersion = 5;

    /// <summary>Versions from 1 to this one were in use only before the first release.</summary>
    public const int UnreleasedVersionMax = 3;

    /// <summary>Value of <c>magic</c>.</summary>
    public const string Magic = "checkpointer-store";

    private const int BytesMax = 4096;

    /// <summary>Whether all that jobs left in the store is encrypted.</summary>
    public bool IsEncrypted => Version == EncryptedVersion;

    /// <summary>Publishes a new format file.</summary>
    public static void Create(IFileSystem files, StorePaths paths, Guid store, bool isEncrypted)
    {
        var json = new JsonObject
        {
            ["magic"] = Magic,
            ["version"] = isEncrypted ? EncryptedVersion : CurrentVersion,
            ["store"] = store.ToString("N"),
        };
        using var file = new DurableFile(files, paths.Temporary, paths.Format);
        file.Append(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString() + "\n"));
        file.Publish();
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="StoreException">NoStore, Corrupt or UnsupportedVersion.</exception>
    public static StoreFormat Read(IFileSystem files, StorePaths paths)
    {
        using var file = files.OpenRead(paths.Format)
            ?? throw new StoreException(StoreFailure.NoStore, $"there is no store in {paths.Root}: it has no file 'format'", "register a job to create one, or name another with --store");
        var bytes = new byte[BytesMax];
        var length = file.ReadFully(0, bytes);
        try
        {
            using var json = JsonDocument.Parse(bytes.AsMemory(0, length));
            return Parse(json.RootElement, paths);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new StoreException(StoreFailure.Corrupt, $"{paths.Format} is not the format file of a store: {exception.Message}", "restore it from a backup; the packs hold the store's id in their headers (docs/format.md)", exception);
        }
    }

    private static StoreFormat Parse(JsonElement root, StorePaths paths)
    {
        if (root.GetProperty("magic").GetString() != Magic)
        {
            throw new FormatException("its magic is another");
        }

        var version = root.GetProperty("version").GetInt32();
        return version switch
        {
            CurrentVersion or EncryptedVersion => new StoreFormat(version, Guid.ParseExact(root.GetProperty("store").GetString() ?? throw new FormatException("it has no store id"), "N")),
            > EncryptedVersion => throw new StoreException(StoreFailure.UnsupportedVersion, $"the store {paths.Root} has format version {version}; this program knows up to {EncryptedVersion}", "use the newer release that wrote it"),
            > 0 and <= UnreleasedVersionMax => throw new StoreException(StoreFailure.UnsupportedVersion, $"the store {paths.Root} has format version {version}, which no release wrote; this program reads {CurrentVersion} and {EncryptedVersion}", "choose another directory with --store; what its generations hold is read by the program that wrote them"),
            _ => throw new FormatException($"version {version} never existed"),
        };
    }
}
