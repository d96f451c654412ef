using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tests.Support;
using Google.Protobuf;
using Xunit;

namespace Checkpointer.Engine.Tests.Restore;

/// <summary>Files that the job writes get their old size back, and nothing is lost by it.</summary>
[Trait("kind", "unit")]
public sealed class FileRollbackTests : IDisposable
{
    private const uint ReadOnly = 0;
    private const uint WriteOnly = 1;
    private const uint ReadWrite = 2;

    private readonly Scratch _scratch = new();

    private string Log => _scratch["out.log"];

    private string Aside => _scratch["out.log.after-md-12"];

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(WriteOnly)]
    [InlineData(ReadWrite)]
    public void Apply_ToAGrownFile_CutsItAndKeepsTheTail(uint flags)
    {
        var tail = new byte[(3 << 20) + 17]; // more than is copied at a time
        new Random(3).NextBytes(tail);
        var file = Dumped("head\n", flags);
        Append(tail);

        var change = Assert.Single(Apply(file));

        Assert.Equal("head\n", File.ReadAllText(Log));
        Assert.Equal(tail, File.ReadAllBytes(Aside));
        Assert.Equal((Log, true), (change.Path, change.RolledBack));
        Assert.Equal($"was cut from {tail.Length + 5} to 5 bytes, its size at the dump; the rest is kept in {Aside}", change.What);
    }

    [Fact]
    public void Apply_AfterAnEarlierOne_KeepsBothTails()
    {
        var file = Dumped("head\n", WriteOnly);
        Append("first"u8);
        _ = Apply(file);
        Append("second"u8);
        _ = Apply(file);
        Append("third"u8);

        _ = Apply(file);

        Assert.Equal(("first", "second", "third"), (File.ReadAllText(Aside), File.ReadAllText(Aside + ".2"), File.ReadAllText(Aside + ".3")));
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.OtherWrite)]
    public void Apply_ToAGrownFile_KeepsTheModeForBoth(UnixFileMode mode)
    {
        var file = Dumped("head\n", WriteOnly);
        File.SetUnixFileMode(Log, mode);
        Append("tail"u8);

        _ = Apply(file);

        Assert.Equal((mode, mode), (File.GetUnixFileMode(Log), File.GetUnixFileMode(Aside)));
    }

    [Fact]
    public void Apply_ToAnUntouchedFile_ReportsNothing()
    {
        Assert.Empty(Apply(Dumped("head\n", WriteOnly)));
    }

    [Fact]
    public void Apply_ToAFileChangedInPlace_ReportsItAndChangesNothing()
    {
        var file = Dumped("head\n", WriteOnly);
        file.MtimeNs--;

        var change = Assert.Single(Apply(file));

        Assert.Equal("head\n", File.ReadAllText(Log));
        Assert.Equal((Log, false), (change.Path, change.RolledBack));
        Assert.False(File.Exists(Aside));
    }

    [Fact]
    public void Apply_ToAGrownFileThatIsOnlyRead_NeverCutsIt()
    {
        var file = Dumped("head\n", ReadOnly);
        Append("tail"u8);

        var change = Assert.Single(Apply(file));

        Assert.Equal("head\ntail", File.ReadAllText(Log));
        Assert.False(change.RolledBack);
        Assert.False(File.Exists(Aside));
    }

    [Fact]
    public void Apply_ToAFileOpenTwice_CutsItOnceWhereAnyOfThemWrites()
    {
        var reader = Dumped("head\n", ReadOnly);
        var writer = reader.Clone();
        writer.Flags = WriteOnly;
        Append("tail"u8);

        _ = Assert.Single(Apply(reader, writer));

        Assert.Equal(("head\n", "tail"), (File.ReadAllText(Log), File.ReadAllText(Aside)));
    }

    [Fact]
    public void Apply_ToOtherKinds_LeavesThem()
    {
        var device = Dumped("head\n", WriteOnly);
        device.Kind = OpenFile.Types.Kind.Device;
        Append("tail"u8);

        Assert.Empty(Apply(device));
        Assert.Equal("head\ntail", File.ReadAllText(Log));
    }

    [Theory]
    [InlineData(WriteOnly, ">>", true)]
    [InlineData(WriteOnly, "<", false)] // somebody who only reads, such as tail -f
    [InlineData(ReadOnly, ">>", false)] // it will not be cut
    public void RequireNoOtherWriter_WhileAProcessHasTheGrownFileOpen_NamesIt(uint flags, string redirection, bool isRefused)
    {
        var file = Dumped("head\n", flags);
        Append("tail"u8);
        var holder = Command.Start(_scratch, "sh", "-c", $"exec sleep 1000 {redirection} {Log}");
        try
        {
            Wait.Until(
                () => ProcFs.TryFileDescriptors(new ProcessId(holder))?.Any(fd => ProcFs.ReadLink($"/proc/{holder}/fd/{fd}") == Log) == true
                    && ProcFs.TryStat(new ProcessId(holder))?.Comm == "sleep",
                Wait.Patience,
                () => $"process {holder} does not open {Log}");

            var failure = Record.Exception(() => Rollback(file).RequireNoOtherWriter()) as EngineException;

            Assert.Equal(isRefused ? EngineFailure.WorldChanged : null, failure?.Reason);
            Assert.True(!isRefused || failure!.Message.StartsWith($"{Log} has grown since the dump and process {holder} (sleep) has it open", StringComparison.Ordinal));
        }
        finally
        {
            Command.End(holder);
        }

        Assert.Equal("head\ntail", File.ReadAllText(Log));
    }

    [Fact]
    public void RequireNoOtherWriter_OfAFileThatHasNotGrown_AsksNobody()
    {
        Assert.Null(Record.Exception(() => Rollback(Dumped("head\n", WriteOnly)).RequireNoOtherWriter()));
    }

    /// <summary>The file as it was at the dump.</summary>
    private OpenFile Dumped(string contents, uint flags)
    {
        File.WriteAllText(Log, contents);
        var stat = FileStat.Of(Log);
        return new OpenFile { Path = ByteString.CopyFromUtf8(Log), Flags = flags, Bytes = stat.Bytes, MtimeNs = stat.ModifiedNs };
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        using var file = File.Open(Log, FileMode.Append);
        file.Write(bytes);
    }

    private static IReadOnlyList<FileChange> Apply(params IEnumerable<OpenFile> files)
    {
        var rollback = Rollback(files);
        rollback.Apply();
        return rollback.Changes;
    }

    private static FileRollback Rollback(params IEnumerable<OpenFile> files) => new(new Files { OpenFiles = { files } }, new Inventory(), "md-12");
}
