using System.Globalization;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Restore;

/// <summary>What is to be done with one file. Made before anything is changed, applied before the first thread runs.</summary>
/// <param name="File">As it was at the dump.</param>
internal sealed record FileStep(CarriedFile File)
{
    /// <summary>The file that is there has more bytes than at the dump: they are kept aside and cut off. 0: it has not.</summary>
    public ulong TailBytes { get; init; }

    /// <summary>Pages that differ and are written; empty where all of it is the same.</summary>
    public PageSet Differing { get; init; } = PageSet.Empty;

    /// <summary>The size differs, or <see cref="Differing"/> is not empty.</summary>
    public bool IsRewritten { get; init; }

    /// <summary>There is no such file, or another one in its place: it is made anew.</summary>
    public bool IsRecreated { get; init; }

    /// <summary>Another file has its name and gets another.</summary>
    public bool MovesAside { get; init; }

    /// <summary>Owner, mode, attributes or times differ.</summary>
    public bool SetsMetadata { get; init; }

    /// <summary>Bytes of its content that are not zero.</summary>
    public ulong StoredBytes { get; init; }

    /// <summary>Why it is left as it is though it differs, a sentence; null where it is not.</summary>
    public string? Different { get; init; }

    /// <summary>Where what is kept aside went; known when it was done.</summary>
    public string Aside { get; init; } = string.Empty;

    /// <summary>Its name.</summary>
    public string Path => File.Path.ToStringUtf8();

    /// <summary>True where contents of a file that is there change, or its name goes to another.</summary>
    public bool TouchesContents => TailBytes > 0 || IsRewritten || MovesAside;

    /// <summary>True where anything is to be done or said.</summary>
    public bool IsAny => TouchesContents || IsRecreated || SetsMetadata || Different is not null;

    /// <summary>For reports.</summary>
    /// <param name="isDone">True where it was done, false where it would be.</param>
    public FileChange Report(bool isDone)
    {
        var was = isDone ? "was" : "would be";
        if (Different is not null)
        {
            return new FileChange(Path, Different, RolledBack: false);
        }

        if (IsRecreated)
        {
            var aside = MovesAside ? $"; what had its name by now {(isDone ? "is" : "would be")} {Aside}" : string.Empty;
            return new FileChange(Path, Text($"{was} made again with its {File.Bytes} bytes{aside}"), isDone, "recreated", (long)StoredBytes);
        }

        if (TailBytes > 0)
        {
            var rest = IsRewritten ? Text($", and {Differing.Bytes} changed bytes {(isDone ? "were" : "would be")} put back") : string.Empty;
            return new FileChange(
                Path,
                Text($"{was} cut from {File.Bytes + TailBytes} to {File.Bytes} bytes, its size at the dump{rest}; the rest {(isDone ? "is" : "would be")} kept in {Aside}"),
                isDone,
                IsRewritten ? "rewritten" : "cut",
                (long)TailBytes + Differing.Bytes);
        }

        return IsRewritten
            ? new FileChange(Path, Text($"{was} put back as it was at the dump: {Differing.Bytes} bytes differed"), isDone, "rewritten", Differing.Bytes)
            : new FileChange(Path, $"{was} given back its owner, mode, times or attributes", isDone, "metadata");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
