using System.Text.RegularExpressions;
using Checkpointer.Engine.Tests.Support;
using Xunit;

namespace Checkpointer.Engine.Tests;

/// <summary>What a machine can judge of the engine's sources.</summary>
[Trait("kind", "unit")]
public sealed partial class TidyTests
{
    /// <summary>
    /// Files outside of Interop that call the kernel with pointers. Whoever adds one has a reason why no wrapper that is
    /// there already will do.
    /// </summary>
    private static readonly string[] _unsafeFiles =
    [
        "Dump/PageReaders.cs",
        "EndedProcess.cs",
        "Host/ExitEvents.cs",
        "PressureWatcher.cs",
        "Proc/InetSocketTable.cs",
        "Proc/SocketDiagnoser.cs",
        "Proc/UnixSocketTable.cs",
        "ProcessLauncher.cs",
        "Resources/Files/EpollKind.cs",
        "Resources/Files/ExtendedAttributes.cs",
        "Resources/Files/FileHandles.cs",
        "Resources/Files/FileOwners.cs",
        "Resources/Files/PipeContents.cs",
        "Resources/Files/RemovedFiles.cs",
        "Resources/Files/SocketContents.cs",
        "Resources/Files/SocketFilters.cs",
        "Resources/Files/TimerfdKind.cs",
        "Resources/Files/UnreadEvents.cs",
        "Resources/SystemV/SystemVCalls.cs",
        "Resources/ThreadCollector.cs",
        "Restore/Children.cs",
        "Restore/Files/FileLockBuilder.cs",
        "Restore/Files/FileRestorer.cs",
        "Restore/Files/InetSocketBuilder.cs",
        "Restore/Files/PipeBuilder.cs",
        "Restore/Files/SocketMessages.cs",
        "Restore/Files/SocketNames.cs",
        "Restore/Files/SpecialFileBuilder.cs",
        "Restore/Files/TcpEnd.cs",
        "Restore/PidAvailability.cs",
        "Restore/ProcessStateBuilder.cs",
        "Restore/SharedObjects.cs",
        "Restore/Stub.cs",
        "Restore/ZombieBuilder.cs",
        "Support/DescriptorWatcher.cs",
        "Support/FileBytes.cs",
        "Support/FileStat.cs",
        "Support/FileSystems.cs",
        "Support/FileWatch.cs",
        "Support/HugePages.cs",
        "Support/NativeBuffer.cs",
        "Support/PlainDirectory.cs",
        "Support/SignalMask.cs",
        "Support/SocketCalls.cs",
        "Support/TerminalCalls.cs",
        "Tracing/CgroupHold.cs",
        "Tracing/RemoteMemory.cs",
        "Tracing/Tracee.cs",
        "Tracking/PageMap.cs",
        "Tracking/PageScan.cs",
        "Tracking/SoftDirtyTracker.cs",
        "Tracking/Userfault.cs",
    ];

    [Fact]
    public void Sources_AreFound()
    {
        Assert.InRange(Sources.Engine.Count, 100, 1000);
    }

    [Fact]
    public void Unsafe_IsOnlyWhereItIsListed()
    {
        Assert.Equal(_unsafeFiles, Holding(Unsafe()).Where(path => !In(path, "Interop")));
    }

    [Fact]
    public void Bindings_AreOnlyInInterop()
    {
        Assert.All(Holding(Binding()), path => Assert.True(In(path, "Interop"), path));
        Assert.NotEmpty(Holding(Binding()));
    }

    [Fact]
    public void Registers_AreNamedOnlyInTheirFolder()
    {
        Assert.All(Holding(Register()), path => Assert.True(In(path, "Arch") || path == "Interop/user_regs_struct.cs", path));
        Assert.NotEmpty(Holding(Register()));
    }

    [Fact]
    public void Images_AreNamedOnlyWhereTheyAreMadeAndRead()
    {
        Assert.All(
            Holding(Images()), path => Assert.True(In(path, "Images") || In(path, "Resources") || In(path, "Dump") || In(path, "Restore") || In(path, "Inspect"), path));
        Assert.NotEmpty(Holding(Images()));
    }

    [Fact]
    public void Sources_HoldNoReminders()
    {
        Assert.DoesNotContain(Sources.Engine, file => Reminder().IsMatch(Sources.Read(file.Path)));
    }

    [Fact]
    public void Sources_HoldNoPathOfADeveloper()
    {
        Assert.DoesNotContain(Sources.Engine, file => DeveloperPath().IsMatch(Sources.Read(file.Path)));
    }

    [Fact]
    public void Processes_AreNeverStartedByTheLibrary()
    {
        // System.Diagnostics.Process eats stop notifications; the analyzer says so too, unless somebody silences it.
        Assert.DoesNotContain(Sources.Engine, file => LibraryProcess().IsMatch(file.Code));
    }

    [Theory]
    [InlineData("a // unsafe\nb", "a  \nb")]
    [InlineData("a /* unsafe */ b", "a   b")]
    [InlineData("f(\"unsafe \\\" rip\", '\"', x)", "f( ,  , x)")]
    public void WithoutCommentsAndStrings_LeavesCode(string text, string code)
    {
        Assert.Equal(code, Sources.WithoutCommentsAndStrings(text));
    }

    [Theory]
    [InlineData("Raw.rip = 1;", true)]
    [InlineData("raw.r10", true)]
    [InlineData("descriptor", false)]
    [InlineData("r16", false)]
    public void Register_IsAWholeWord(string code, bool expected)
    {
        Assert.Equal(expected, Register().IsMatch(code));
    }

    private static bool In(string path, string folder) => path.StartsWith(folder + '/', StringComparison.Ordinal);

    private static List<string> Holding(Regex pattern) => [.. Sources.Engine.Where(file => pattern.IsMatch(file.Code)).Select(file => file.Path)];

    [GeneratedRegex(@"\bunsafe\b")]
    private static partial Regex Unsafe();

    [GeneratedRegex(@"\b(LibraryImport|DllImport)\b")]
    private static partial Regex Binding();

    [GeneratedRegex(@"\b(orig_rax|eflags|r(ax|bx|cx|dx|si|di|bp|sp|ip)|r([89]|1[0-5])|[fg]s_base)\b")]
    private static partial Regex Register();

    [GeneratedRegex(@"\b(Checkpointer\.Engine\.Images|Google\.Protobuf)\b")]
    private static partial Regex Images();

    [GeneratedRegex(@"\b(TODO|FIXME|XXX|HACK)\b")]
    private static partial Regex Reminder();

    [GeneratedRegex(@"(^|[^\w.])/(home|Users|root|work|mnt)/")]
    private static partial Regex DeveloperPath();

    [GeneratedRegex(@"\bDiagnostics\.Process\b|\bProcess\.Start\(")]
    private static partial Regex LibraryProcess();
}
