using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Checkpointer.Scheduler.Cli;
using Checkpointer.Scheduler.Cli.Rendering;
using Checkpointer.Scheduler.Tests.Fakes;

namespace Checkpointer.Scheduler.Tests.Cli;

/// <summary>docs/cli.md and the parser say the same.</summary>
public sealed partial class CliDocumentTests
{
    private static readonly Dictionary<string, Type> _objects = new()
    {
        ["doctor"] = typeof(CapabilityLine),
        ["init"] = typeof(InitLine),
        ["check"] = typeof(CheckLine),
        ["register"] = typeof(RegisterLine),
        ["unregister"] = typeof(UnregisterLine),
        ["jobs"] = typeof(JobLine),
        ["dump"] = typeof(DumpLine),
        ["generations"] = typeof(GenerationLine),
        ["show"] = typeof(ShowLine),
        ["diff"] = typeof(DiffLine),
        ["recover"] = typeof(RecoverLine),
        ["restore"] = typeof(RecoverLine),
        ["rehearse"] = typeof(RehearseLine),
        ["pin"] = typeof(PinLine),
        ["unpin"] = typeof(PinLine),
        ["forget"] = typeof(ForgetLine),
        ["gc"] = typeof(GcLine),
        ["verify"] = typeof(VerifyLine),
        ["export"] = typeof(ExportLine),
        ["import"] = typeof(ImportLine),
        ["repair"] = typeof(RepairLine),
        ["stats"] = typeof(StatsLine),
        ["daemon"] = typeof(DaemonLine),
        ["run"] = typeof(RunLine),
        ["status"] = typeof(StatusLine),
        ["pause"] = typeof(PauseLine),
        ["resume"] = typeof(PauseLine),
        ["events"] = typeof(EventLine),
        ["key new"] = typeof(KeyFileLine),
        ["key list"] = typeof(KeyLine),
        ["key add"] = typeof(KeyLine),
        ["key remove"] = typeof(KeyLine),
        ["key change"] = typeof(KeyLine),
        ["policy list"] = typeof(PolicyLine),
        ["policy show"] = typeof(PolicyShowLine),
        ["policy test"] = typeof(PolicyTestLine),
    };

    private static readonly string _document = File.ReadAllText(RepositoryRoot.File("docs", "cli.md"));

    [Fact]
    public void Verbs_AreThoseOfTheParser()
        => Assert.Equal(
            VerbTable.All().Select(verb => verb.Words), Sections().Select(section => section.Verb));

    [Fact]
    public void Options_OfEveryVerb_AreThoseOfTheParser()
        => Assert.All(Sections(), section =>
        {
            Verb verb = VerbTable.All().Single(verb => verb.Words == section.Verb).Verb;
            Assert.Equal(
                verb.Options.Select(option => option.Name).Order(StringComparer.Ordinal),
                OptionWord().Matches(section.Text).Select(match => match.Value).Except(GlobalOptions())
                    .Distinct().Order(StringComparer.Ordinal));
        });

    [Fact]
    public void GlobalOptions_AreInTheTable()
    {
        string table = _document[..Sections()[0].Start];

        Assert.All(GlobalOptions(), option => Assert.Contains($"`{option}", table, StringComparison.Ordinal));
    }

    [Fact]
    public void Fields_OfEveryVerb_AreThoseOfItsObject()
        => Assert.All(Sections(), section =>
        {
            string line = section.Text.Split('\n').Single(line => line.StartsWith("Fields:", StringComparison.Ordinal));
            Assert.Equal(FieldsOf(_objects[section.Verb]), Quoted().Matches(line).Select(match => match.Groups[1].Value));
        });

    [Fact]
    public void ExitCodes_AreThoseOfTheCode()
    {
        IEnumerable<int> constants = typeof(ExitCode)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (int)field.GetRawConstantValue()!);

        Assert.Equal(
            constants.Order(),
            ExitCodeRow().Matches(_document).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)));
    }

    private static string[] GlobalOptions()
        => [.. new RootVerb().Options.Where(option => option is not VersionOption).Select(option => option.Name)];

    private static IEnumerable<string> FieldsOf(Type line)
        => ((JsonSerializerContext)CliJson.Lines).GetTypeInfo(line)!.Properties.Select(property => property.Name);

    private static List<(string Verb, string Text, int Start)> Sections()
        => [.. VerbHeading().Matches(_document).Select(heading =>
            (heading.Groups[1].Value, SectionFrom(heading.Index), heading.Index))];

    private static string SectionFrom(int start)
    {
        int end = _document.IndexOf("\n## ", start + 1, StringComparison.Ordinal);
        return end < 0 ? _document[start..] : _document[start..end];
    }

    [GeneratedRegex(@"^## `([a-z]+(?: [a-z]+)?)`$", RegexOptions.Multiline)]
    private static partial Regex VerbHeading();

    [GeneratedRegex(@"--[a-z]+(?:-[a-z]+)*")]
    private static partial Regex OptionWord();

    [GeneratedRegex(@"`([a-z_]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^\| (\d+) \|", RegexOptions.Multiline)]
    private static partial Regex ExitCodeRow();
}
