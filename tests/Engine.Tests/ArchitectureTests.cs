using System.Reflection;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.Engine.Tests;

/// <summary>The engine stands alone: it knows processes, not packs, schedules or terminals.</summary>
[Trait("kind", "unit")]
public sealed class ArchitectureTests
{
    private static readonly string[] _strangers =
        ["Checkpointer.Store", "Checkpointer.Scheduler", "Microsoft.EntityFrameworkCore", "Microsoft.Data.Sqlite", "Quartz", "Serilog", "Spectre.Console", "System.CommandLine"];

    [Fact]
    public void Engine_ReferencesNothingButItsOwn()
    {
        var references = typeof(CheckpointEngine).Assembly.GetReferencedAssemblies().Select(name => name.Name!).ToList();

        Assert.Equal(
            ["Google.Protobuf", "Microsoft.Extensions.Logging.Abstractions"],
            references.Where(name => !name.StartsWith("System.", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(references, name => _strangers.Any(stranger => name.StartsWith(stranger, StringComparison.Ordinal)));
    }

    [Fact]
    public void Project_ReferencesNoStranger()
    {
        // A reference that no code uses is not in the assembly.
        var project = File.ReadAllText(Path.Combine(Repository.Root, "src", "Engine", "Checkpointer.Engine.csproj"));

        Assert.DoesNotContain("ProjectReference", project, StringComparison.Ordinal);
        Assert.All(_strangers, stranger => Assert.DoesNotContain(stranger, project, StringComparison.Ordinal));
    }

    [Fact]
    public void PublicTypes_NameNoImageAndNoKernelStructure()
    {
        var exported = typeof(CheckpointEngine).Assembly.GetExportedTypes();

        Assert.All(exported, type => Assert.Contains(type.Namespace, (string[])["Checkpointer.Engine", "Checkpointer.Engine.Support"]));
    }

    [Fact]
    public void Classes_AreSealedUnlessOneDerives()
    {
        var types = typeof(CheckpointEngine).Assembly.GetTypes();
        var open = types.Where(type => type is { IsClass: true, IsSealed: false, IsAbstract: false } && !types.Any(other => other.BaseType == type));

        Assert.DoesNotContain(open, type => type.GetCustomAttribute<System.Runtime.CompilerServices.CompilerGeneratedAttribute>() is null);
    }
}
