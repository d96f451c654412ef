using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Checkpointer.Store.Chunking;
using Checkpointer.Store.Files;
using Checkpointer.Store.Generations;
using Checkpointer.Store.Packs;
using Checkpointer.Store.Transfer;

namespace Checkpointer.Store.Tests.Packs;

/// <summary>The tables of docs/format.md and the constants of the code say the same.</summary>
[Trait("kind", "unit")]
public sealed partial class FormatDocumentTests
{
    private static readonly string[] _lines = File.ReadAllLines(Path.Combine(RepositoryRoot(), "docs", "format.md"));

    public static TheoryData<string, string, string> Structures()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var match in _lines.Select(line => FieldsMarker().Match(line)).Where(match => match.Success))
        {
            data.Add(match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value);
        }

        return data;
    }

    [Fact]
    public void EveryStructure_HasATable()
        => Assert.Equal(
            ["Header", "Record", "Trailer", "Entry", "Footer", "Segment", "Extent", "Patch", "Clear", "Table", "TableEntry", "Header", "Footer"],
            Structures().Select(row => (string)row[1]));

    [Theory]
    [MemberData(nameof(Structures))]
    public void Table_EqualsConstants_AndLeavesNoGap(string type, string prefix, string sizeName)
    {
        var constants = Constants(type switch { nameof(PackFormat) => typeof(PackFormat), nameof(ExportFormat) => typeof(ExportFormat), _ => typeof(MapFormat) });
        var rows = TableAfter($"<!-- fields {type}.{prefix} {sizeName} -->");
        var offsets = constants
            .Where(pair => Regex.IsMatch(pair.Key, $"^{prefix}(?!Entry){(prefix == "Trailer" ? "" : "(?!Head)")}[A-Za-z]+At$"))
            .ToDictionary(pair => pair.Key[prefix.Length..^2], pair => pair.Value);
        long end = 0;

        foreach (var row in rows)
        {
            Assert.True(offsets.Remove(row[0], out var offset), $"{type} has no {prefix}{row[0]}At");
            Assert.Equal(offset, Number(row[1]));
            Assert.Equal(end, offset);
            end += Number(row[2]);
        }

        Assert.Empty(offsets);
        Assert.Equal(constants[sizeName], end);
    }

    [Fact]
    public void Geometry_Kinds_AndCodecs_AreAsDocumented()
    {
        var geometry = Constants(typeof(Geometry));
        Assert.All(TableAfter("## Geometry"), row => Assert.Equal(geometry[row[0]], Number(row[1])));
        Assert.Equal(
            Enum.GetValues<ChunkKind>().Select(kind => (kind.ToString(), (long)kind)),
            TableWith("| kind | value | holds |").Select(row => (row[0], Number(row[1]))));
        Assert.Equal(
            Enum.GetValues<ChunkCodec>().Select(codec => (codec.ToString(), (long)codec)),
            TableWith("| codec | value | payload |").Select(row => (row[0], Number(row[1]))));
    }

    [Fact]
    public void MagicsAndVersions_AreAsDocumented()
    {
        var text = string.Join('\n', _lines);
        foreach (var magic in (string[])["CKPTPACK", "CKCH", "CKPTTRLR", "CKPTEND", "CKSG", "CKPA", "CKTB", "CKPTEXPO", "CKPTDONE"])
        {
            Assert.Contains($"`{magic}`", text, StringComparison.Ordinal);
        }

        Assert.Equal("CKPTPACK"u8, PackFormat.HeaderMagic);
        Assert.Equal("CKCH"u8, PackFormat.RecordMagic);
        Assert.Equal("CKPTTRLR"u8, PackFormat.TrailerMagic);
        Assert.Equal("CKPTEND\n"u8, PackFormat.FooterMagic);
        Assert.Equal("CKSG"u8, MapFormat.SegmentMagic);
        Assert.Equal("CKPA"u8, MapFormat.PatchMagic);
        Assert.Equal("CKTB"u8, MapFormat.TableMagic);
        Assert.Equal("CKPTEXPO"u8, ExportFormat.HeaderMagic);
        Assert.Equal("CKPTDONE"u8, ExportFormat.FooterMagic);
        Assert.StartsWith($"# Store format, version {StoreFormat.CurrentVersion}", text, StringComparison.Ordinal);
        Assert.Contains($"`\"{StoreFormat.Magic}\"`", text, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(1, StoreFormat.EncryptedVersion).Select(version => (long)version), TableAfter("## Versions").Select(row => Number(row[0])));
    }

    internal static string RepositoryRoot([CallerFilePath] string file = "")
    {
        var directory = Path.GetDirectoryName(file)!;
        while (!File.Exists(Path.Combine(directory, "Checkpointer.sln")))
        {
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException($"no solution above {file}");
        }

        return directory;
    }

    [GeneratedRegex(@"^<!-- fields (\w+)\.(\w+) (\w+) -->$")]
    private static partial Regex FieldsMarker();

    private static Dictionary<string, long> Constants(Type type)
        => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(field => field.IsLiteral && field.FieldType != typeof(ulong))
            .ToDictionary(field => field.Name, field => Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture));

    private static List<string[]> TableAfter(string marker) => Rows(Array.IndexOf(_lines, marker) is var at and >= 0 ? at + 1 : throw new InvalidOperationException(marker));

    private static List<string[]> TableWith(string header) => Rows(Array.IndexOf(_lines, header));

    // The rows of the first table at or after a line, without its two header lines.
    private static List<string[]> Rows(int from)
        => [.. _lines.Skip(from).SkipWhile(line => !line.StartsWith('|')).TakeWhile(line => line.StartsWith('|')).Skip(2)
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1])];

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
