using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Tests.Policies;

/// <summary>docs/policies.md and the reader of policy files say the same.</summary>
public sealed partial class PolicyDocumentTests
{
    private static readonly string _document = File.ReadAllText(RepositoryRoot.File("docs", "policies.md"));

    [Fact]
    public void Keys_OfTheTables_AreThoseOfTheReader()
    {
        string[] documented =
        [
            .. Sections().SelectMany(section => Row().Matches(section.Text)
                .SelectMany(row => Quoted().Matches(row.Groups[1].Value))
                .Select(key => section.Name.Length > 0 ? $"{section.Name}.{key.Groups[1].Value}" : key.Groups[1].Value)),
        ];

        Assert.Equal(Keys().Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Keys()
        => PolicyFileJson.Default.JobPolicy.Properties.Where(property => property.Name != "from").SelectMany(property
            => PolicyFileJson.Default.GetTypeInfo(property.PropertyType) is { Kind: JsonTypeInfoKind.Object } part
                ? part.Properties.Select(below => $"{property.Name}.{below.Name}")
                : [property.Name]);

    private static IEnumerable<(string Name, string Text)> Sections()
        => _document.Split("\n## ").Select((text, at) => at == 0 ? ("", text) : (text[1..text.IndexOf('`', 1)], text));

    [GeneratedRegex(@"^\| (`[^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([A-Za-z]+)`")]
    private static partial Regex Quoted();
}
