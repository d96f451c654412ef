using System.Text.RegularExpressions;
using Checkpointer.Store.Tests.Packs;

namespace Checkpointer.Store.Tests;

/// <summary>What a machine can judge of the rooms of src/Store.</summary>
[Trait("kind", "unit")]
public sealed class ArchitectureTests
{
    private static readonly string _source = Path.Combine(FormatDocumentTests.RepositoryRoot(), "src", "Store");

    [Theory]
    [InlineData(@"\bunsafe\b|LibraryImport\(", "Interop")]
    [InlineData(@"Microsoft\.EntityFrameworkCore|Microsoft\.Data\.Sqlite|SQLitePCL", "Index")]
    [InlineData(@"Google\.Protobuf|Generations\.Messages", "Generations")]
    public void Words_AppearOnlyInTheirFolder(string pattern, string folder)
    {
        var files = Sources().Where(file => Regex.IsMatch(File.ReadAllText(file), pattern)).ToList();
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.StartsWith(Path.Combine(_source, folder), file, StringComparison.Ordinal));
    }

    [Fact]
    public void OnlyDurableFile_Renames()
        => Assert.Equal(
            ["DurableFile.cs", "IFileSystem.cs", "LinuxFileSystem.cs"],
            Sources().Where(file => Regex.IsMatch(File.ReadAllText(file), @"\bRename\(|File\.Move")).Select(Path.GetFileName).Order(StringComparer.Ordinal));

    [Fact]
    public void Store_KnowsNoOtherProject()
        => Assert.DoesNotContain(
            typeof(CheckpointStore).Assembly.GetReferencedAssemblies(),
            name => name.Name!.StartsWith("Checkpointer", StringComparison.OrdinalIgnoreCase) || name.Name.StartsWith("Serilog", StringComparison.Ordinal));

    private static IEnumerable<string> Sources()
        => Directory.EnumerateFiles(_source, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));
}
