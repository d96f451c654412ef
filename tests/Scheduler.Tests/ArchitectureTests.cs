using System.Reflection;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli;
using Checkpointer.Store;

namespace Checkpointer.Scheduler.Tests;

/// <summary>The rooms and the arrows between them, as the compiler and the sources have them.</summary>
public sealed class ArchitectureTests
{
    private static readonly Assembly _scheduler = typeof(Application).Assembly;

    /// <summary>Namespace prefixes and the only folders of the scheduler whose sources may use them.</summary>
    public static TheoryData<string, string[]> UsingRules() => new()
    {
        { "System.CommandLine", ["Cli"] },
        { "Spectre.Console", ["Cli/Rendering"] },
        { "System.Text.Json", ["Alerts", "Cli/Rendering", "Composition", "Control", "Policies", "Status", "Upkeep/ServiceMemory.cs"] },
        { "Serilog", ["Composition"] },
        { "Quartz", ["Daemon", "Schedules"] },
        { "Microsoft.AspNetCore", ["Control", "Daemon/DaemonHost.cs", "Daemon/Reporting.cs", "Status"] },
        { "Microsoft.Extensions", ["Composition", "Daemon", "Cli/DaemonVerb.cs", "Cli/RunVerb.cs", "Status"] },
        { "Checkpointer.Store.Generations", ["Composition"] },
        { "Checkpointer.Scheduler.Cli", ["Cli", "Control", "Running", "Program.cs"] },
        { "Checkpointer.Scheduler.Composition", ["Cli", "Composition"] },
        { "Checkpointer.Scheduler.Recovery", ["Cli", "Control", "Daemon", "Recovery", "Running"] },
        { "Microsoft.EntityFrameworkCore", [] },
        { "Microsoft.Data.Sqlite", [] },
        { "Google.Protobuf", [] },
    };

    [Theory]
    [MemberData(nameof(UsingRules))]
    public void Using_IsOnlyWhereTheRoomAllowsIt(string prefix, string[] allowed)
    {
        string root = RepositoryRoot.File("src", "Scheduler");
        string[] offenders =
        [
            .. SourceFiles(root)
                .Where(file => !allowed.Any(folder => IsIn(Path.GetRelativePath(root, file), folder)))
                .Where(file => File.ReadLines(file).Any(line => Uses(line, prefix))),
        ];

        Assert.Empty(offenders);
    }

    [Fact]
    public void UsingRules_SeeTheUsingsThatAreThere()
    {
        string root = RepositoryRoot.File("src", "Scheduler");

        Assert.Contains(SourceFiles(root), file => File.ReadLines(file).Any(line => Uses(line, "Spectre.Console")));
        Assert.Contains(SourceFiles(root), file => File.ReadLines(file).Any(line => Uses(line, "Serilog")));
    }

    [Fact]
    public void EngineAndStore_DoNotKnowEachOtherNorTheScheduler()
    {
        Assert.DoesNotContain(References(typeof(CheckpointEngine).Assembly), IsOurs);
        Assert.DoesNotContain(References(typeof(CheckpointStore).Assembly), IsOurs);
    }

    [Fact]
    public void Scheduler_KnowsEngineAndStoreAndNoDatabase()
    {
        string[] references = [.. References(_scheduler)];

        Assert.Equal(["Checkpointer.Engine", "Checkpointer.Store"], references.Where(IsOurs).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(references, name => name.Contains("EntityFrameworkCore", StringComparison.Ordinal));
        Assert.DoesNotContain(references, name => name.Contains("Protobuf", StringComparison.Ordinal));
    }

    private static bool IsOurs(string name) => name.StartsWith("Checkpointer", StringComparison.Ordinal);

    private static IEnumerable<string> References(Assembly assembly)
        => assembly.GetReferencedAssemblies().Select(reference => reference.Name!);

    private static IEnumerable<string> SourceFiles(string root)
        => Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(file => !IsIn(Path.GetRelativePath(root, file), "obj") && !IsIn(Path.GetRelativePath(root, file), "bin"));

    private static bool IsIn(string path, string folder)
        => path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);

    private static bool Uses(string line, string prefix)
        => new[] { "using ", "using static ", "global using " }
            .Any(word => line.StartsWith($"{word}{prefix};", StringComparison.Ordinal)
                || line.StartsWith($"{word}{prefix}.", StringComparison.Ordinal));
}
