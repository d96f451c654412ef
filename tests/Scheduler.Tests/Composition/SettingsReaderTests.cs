using Checkpointer.Engine;
using Checkpointer.Scheduler.Composition;
using Checkpointer.Scheduler.Daemon;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Status;
using Checkpointer.Scheduler.Upkeep;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests.Composition;

public sealed class SettingsReaderTests : IDisposable
{
    private static readonly Dictionary<string, string> _noVariables = [];

    private readonly TemporaryDirectory _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public void Read_OfNothing_GivesClassDefaults()
    {
        Settings settings = SettingsReader.Read([], _noVariables);

        Assert.Equivalent(new EngineOptions(), settings.Engine, strict: true);
        Assert.Equivalent(new StoreOptions(), settings.Store, strict: true);
        Assert.Equivalent(new PolicySettings(), settings.Policies, strict: true);
        Assert.Equivalent(new DaemonOptions(), settings.Daemon, strict: true);
        Assert.Equivalent(new UpkeepOptions(), settings.Upkeep, strict: true);
        Assert.Equivalent(new StatusSettings(), settings.Status, strict: true);
    }

    [Fact]
    public void AppSettings_HaveEveryOptionWithItsDefault()
    {
        string file = RepositoryRoot.File("appsettings.json");
        Settings settings = SettingsReader.Read([file], _noVariables);

        Assert.Equivalent(new EngineOptions(), settings.Engine, strict: true);
        Assert.Equivalent(new StoreOptions(), settings.Store, strict: true);
        Assert.Equivalent(new PolicySettings(), settings.Policies, strict: true);
        Assert.Equivalent(new DaemonOptions(), settings.Daemon, strict: true);
        Assert.Equivalent(new UpkeepOptions(), settings.Upkeep, strict: true);
        Assert.Equivalent(new StatusSettings(), settings.Status, strict: true);
        string text = File.ReadAllText(file);
        Assert.All(
            new[] { typeof(EngineOptions), typeof(StoreOptions), typeof(PolicySettings), typeof(DaemonOptions), typeof(UpkeepOptions), typeof(StatusSettings) }.SelectMany(section => section.GetProperties()),
            option => Assert.Contains($"\"{option.Name}\": ", text, StringComparison.Ordinal));
    }

    [Fact]
    public void AppSettings_AreNextToTheExecutable() => Assert.True(File.Exists(SettingsReader.DefaultFiles[0]));

    [Fact]
    public void Read_OfSeveralSources_TakesTheLast()
    {
        string first = _place.Write("first.json", """{ "Store": { "Workers": 1, "PackBytesMax": 2097152 }, /* why */ "Engine": {} }""");
        string second = _place.Write("second.json", """{ "Store": { "Workers": 2 } }""");
        var variables = new Dictionary<string, string>
        {
            ["CHECKPOINTER_Engine__FreezeTimeout"] = "00:00:03",
            ["CHECKPOINTER_STORE"] = "/somewhere",
            ["OTHER_Engine__FreezeTimeout"] = "00:00:04",
        };

        Settings settings = SettingsReader.Read([first, second, "/does/not/exist.json"], variables);

        Assert.Equal(2, settings.Store.Workers);
        Assert.Equal(2097152, settings.Store.PackBytesMax);
        Assert.Equal(TimeSpan.FromSeconds(3), settings.Engine.FreezeTimeout);
        Assert.Equal("/var/lib/checkpointer", settings.Store.Directory);
    }

    [Theory]
    [InlineData("""{ "Engine": { "FreezTimeout": "00:00:01" } }""", "unknown key FreezTimeout in section Engine of ")]
    [InlineData("""{ "Stor": { "Workers": 1 } }""", "unknown section Stor in ")]
    [InlineData("""{ "Verbose": true }""", "unknown section Verbose in ")]
    [InlineData("""{ "Store": 5 }""", "section Store of ")]
    [InlineData("""{ "Store": { "Workers": "many" } }""", "Failed to convert configuration value 'many' at 'Store:Workers'")]
    [InlineData("""{ "Store": { "Workers": 257 } }""", "Workers must be between 0 and 256")]
    [InlineData("""{ "Store": { "Directory": "" } }""", "The Directory field is required")]
    [InlineData("""{ "Engine": { "FreezeTimeout": "01:00:00" } }""", "FreezeTimeout must be between 00:00:00.1")]
    [InlineData("""{ "Status": { "Address": "0.0.0.0:80" } }""", "Address must be a loopback address with a port")]
    [InlineData("""{ "Status": { "Address": "localhost" } }""", "Address must be a loopback address with a port")]
    [InlineData("""{ "Upkeep": { "VerifySchedule": "nightly" } }""", "VerifySchedule: 'nightly' is no schedule")]
    [InlineData("""{ "Upkeep": { "VerifyShare": "2/1" } }""", "VerifyShare: '2/1' is no share")]
    [InlineData("""{ "Store": { "Workers": 1 }""", "is not valid JSON: ")]
    [InlineData("", "is not valid JSON: ")]
    public void Read_OfBadFile_NamesWhatIsBad(string text, string expected)
    {
        string file = _place.Write("bad.json", text);

        SchedulerException failure = Assert.Throws<SchedulerException>(() => SettingsReader.Read([file], _noVariables));

        Assert.Equal(SchedulerFailure.BadConfiguration, failure.Reason);
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.Hint);
    }

    [Fact]
    public void Read_OfUnknownVariable_NamesIt()
    {
        var variables = new Dictionary<string, string> { ["CHECKPOINTER_Store__Wrokers"] = "1" };

        SchedulerException failure = Assert.Throws<SchedulerException>(() => SettingsReader.Read([], variables));

        Assert.Contains("unknown key Wrokers in section Store of the environment", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/from/option", "/from/variable", "/from/option")]
    [InlineData(null, "/from/variable", "/from/variable")]
    [InlineData(null, "", "/from/file")]
    [InlineData(null, null, "/from/file")]
    public void StoreDirectory_IsTheOptionThenTheVariableThenTheConfiguration(string? option, string? variable, string expected)
    {
        string file = _place.Write("store.json", """{ "Store": { "Directory": "/from/file" } }""");
        var variables = new Dictionary<string, string>();
        if (variable is not null)
        {
            variables[LocalRooms.StoreVariable] = variable;
        }

        using var rooms = new LocalRooms(option, keyFile: null, verbose: false, [file], variables);

        Assert.Equal(expected, rooms.StoreDirectory);
    }
}
