using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tests.Support;
using Google.Protobuf;
using Xunit;

namespace Checkpointer.Engine.Tests.Restore;

/// <summary>Files are put back as they were, what would be lost is kept aside, and a restore that ended anywhere can be repeated.</summary>
[Trait("kind", "unit")]
public sealed class FileRestorerTests : IDisposable
{
    private const int BigBytes = (3 << 20) + 17; // more than is copied at a time, and no whole page

    private readonly CarriedFileScene _scene = new();

    private string Log => _scene["out.log"];

    private string Aside => _scene["out.log.after-md-12"];

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("Contents")]
    [InlineData("Size")]
    public void Restore_OfAGrownFile_CutsItAndKeepsTheTail(string kind)
    {
        var tail = Noise(BigBytes, 3);
        File.WriteAllText(Log, "head\n");
        _scene.Carry("out.log", Enum.Parse<CarriedFile.Types.Kind>(kind));
        Append(tail);

        var change = Assert.Single(_scene.Restore());

        Assert.Equal("head\n", File.ReadAllText(Log));
        Assert.Equal(tail, File.ReadAllBytes(Aside));
        Assert.Equal((Log, true, "cut", (long)tail.Length), (change.Path, change.RolledBack, change.Action, change.Bytes));
        Assert.Equal($"was cut from {tail.Length + 5} to 5 bytes, its size at the dump; the rest is kept in {Aside}", change.What);
        Assert.Equal([Log, Aside], Directory.GetFiles(_scene.Root).Order());
    }

    [Fact]
    public void Restore_AfterAnEarlierOne_KeepsBothTails()
    {
        File.WriteAllText(Log, "head\n");
        _scene.Carry("out.log");
        foreach (var tail in (string[])["first", "second", "third"])
        {
            Append(System.Text.Encoding.UTF8.GetBytes(tail));
            _ = _scene.Restore();
        }

        Assert.Equal(("first", "second", "third"), (File.ReadAllText(Aside), File.ReadAllText(Aside + ".2"), File.ReadAllText(Aside + ".3")));
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.OtherWrite)]
    public void Restore_OfAGrownFile_KeepsTheModeForBoth(UnixFileMode mode)
    {
        File.WriteAllText(Log, "head\n");
        File.SetUnixFileMode(Log, mode);
        _scene.Carry("out.log");
        Append("tail"u8);

        _ = _scene.Restore();

        Assert.Equal((mode, mode), (File.GetUnixFileMode(Log), File.GetUnixFileMode(Aside)));
    }

    [Fact]
    public void Restore_OfAnUntouchedFile_DoesNothing()
    {
        File.WriteAllText(Log, "head\n");
        _scene.Carry("out.log");

        Assert.Empty(_scene.Restore());
    }

    [Fact]
    public void Restore_OfAFileChangedInPlace_PutsOnlyTheDifferenceBack()
    {
        var before = Noise(BigBytes, 5);
        before.AsSpan(1 << 20, 1 << 19).Clear();
        File.WriteAllBytes(Log, before);
        var file = _scene.Carry("out.log");
        Overwrite(100, Noise(10, 6));
        Overwrite((1 << 20) + 5000, Noise(10, 7)); // where there were zeros
        Overwrite(BigBytes - 3, Noise(3, 8));

        var change = Assert.Single(_scene.Restore());

        Assert.Equal(before, File.ReadAllBytes(Log));
        Assert.Equal(("rewritten", 3 * 4096L), (change.Action, change.Bytes));
        Assert.Equal(file.ModifiedNs, FileStat.Of(Log).ModifiedNs);
        Assert.Empty(_scene.Restore());
    }

    [Fact]
    public void Restore_OfAFileThatShrank_GivesItItsContentsBack()
    {
        var before = Noise(BigBytes, 5);
        File.WriteAllBytes(Log, before);
        _scene.Carry("out.log");
        File.WriteAllBytes(Log, before[..1000]);

        Assert.Equal("rewritten", Assert.Single(_scene.Restore()).Action);
        Assert.Equal(before, File.ReadAllBytes(Log));
    }

    [Fact]
    public void Restore_OfADeletedSparseFile_MakesItWithAllItHad()
    {
        using (var sparse = File.OpenHandle(Log, FileMode.CreateNew, FileAccess.ReadWrite))
        {
            RandomAccess.Write(sparse, Noise(5000, 9), 8 << 20);
            RandomAccess.SetLength(sparse, (16 << 20) + 1);
        }

        using (var fd = OwnFd.Open(Log, FileFlag.O_RDWR))
        {
            ExtendedAttributes.Set(fd, [new ExtendedAttribute { Name = "user.job", Value = ByteString.CopyFromUtf8("md") }], Log);
            LinuxException.ThrowIfFailed(Libc.fchown(fd.Number, 12345, 54321), "fchown");
            LinuxException.ThrowIfFailed(Libc.fchmod(fd.Number, 0x1a0), "fchmod"); // 0640
        }

        var before = File.ReadAllBytes(Log);
        var file = _scene.Carry("out.log");
        File.Delete(Log);

        Assert.Equal("recreated", Assert.Single(_scene.Restore()).Action);

        var after = FileStat.Of(Log);
        Assert.Equal(before, File.ReadAllBytes(Log));
        Assert.Equal((12345u, 54321u, 0x1a0u, file.ModifiedNs), (after.Owner, after.Group, after.Permissions, after.ModifiedNs));
        Assert.InRange(after.AllocatedBytes, 1ul, 1ul << 20);
        using var made = OwnFd.Open(Log, FileFlag.O_RDONLY);
        Assert.Equal("user.job", Assert.Single(ExtendedAttributes.Of(made, Log)).Name);
    }

    [Fact]
    public void Restore_AfterARotation_MakesTheFileAndKeepsWhatHasItsName()
    {
        File.WriteAllText(Log, "before\n");
        _scene.Carry("out.log");
        File.Move(Log, _scene["out.log.1"]);
        File.WriteAllText(Log, "after\n");

        var change = Assert.Single(_scene.Restore());

        Assert.Equal(("before\n", "after\n", "before\n"), (File.ReadAllText(Log), File.ReadAllText(Aside), File.ReadAllText(_scene["out.log.1"])));
        Assert.Equal(("recreated", true), (change.Action, change.RolledBack));
        Assert.Contains(Aside, change.What, StringComparison.Ordinal);
    }

    [Fact]
    public void Restore_OfACopyInPlaceOfTheFile_LeavesIt()
    {
        File.WriteAllText(Log, "before\n");
        _scene.Carry("out.log");
        File.WriteAllText(_scene["copy"], "before\n");
        File.SetLastWriteTimeUtc(_scene["copy"], DateTime.UnixEpoch);
        File.Move(_scene["copy"], Log, overwrite: true);

        Assert.Equal("metadata", Assert.Single(_scene.Restore()).Action);
        Assert.Equal("before\n", File.ReadAllText(Log));
        Assert.False(File.Exists(Aside));
    }

    [Fact]
    public void Restore_OfAFileInDirectoriesThatAreGone_MakesThem()
    {
        Directory.CreateDirectory(_scene["a/b"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute);
        File.WriteAllText(_scene["a/b/file"], "text");
        _scene.Carry("a/b/file");
        Directory.Delete(_scene["a"], recursive: true);

        _ = _scene.Restore();

        Assert.Equal("text", File.ReadAllText(_scene["a/b/file"]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute, File.GetUnixFileMode(_scene["a/b"]));
    }

    [Fact]
    public void Restore_WithFilesKept_ChangesNothingAndTells()
    {
        File.WriteAllText(Log, "head\n");
        _scene.Carry("out.log");
        Append("tail"u8);

        var change = Assert.Single(_scene.Restore(keepFiles: true));

        Assert.Equal(("head\ntail", false), (File.ReadAllText(Log), change.RolledBack));
    }

    [Fact]
    public void Plan_OfEverything_ChangesNothing()
    {
        File.WriteAllText(Log, "head\n");
        File.WriteAllText(_scene["gone"], "gone");
        _scene.Carry("out.log");
        _scene.Carry("gone");
        File.Delete(_scene["gone"]);
        Append("tail"u8);
        var before = (File.GetLastWriteTimeUtc(Log), File.ReadAllText(Log));

        var preview = _scene.Plan().Preview;

        Assert.Equal(["cut", "recreated"], preview.Select(change => change.Action));
        Assert.All(preview, change => Assert.False(change.RolledBack));
        Assert.Equal(before, (File.GetLastWriteTimeUtc(Log), File.ReadAllText(Log)));
        Assert.Equal([Log], Directory.GetFiles(_scene.Root));
    }

    [Fact]
    public void Restore_FailingAtAnyStep_CanBeRepeated()
    {
        var big = Noise(BigBytes, 11);
        var grown = Noise(20000, 12);
        var steps = 0;
        for (var failing = 0; ; failing++)
        {
            using var scene = new CarriedFileScene();
            File.WriteAllBytes(scene["grown"], grown);
            File.WriteAllBytes(scene["changed"], big);
            File.WriteAllBytes(scene["gone"], big);
            File.WriteAllText(scene["rotated"], "old");
            ((string[])["grown", "changed", "gone", "rotated"]).ToList().ForEach(name => scene.Carry(name));
            File.AppendAllText(scene["grown"], "tail");
            File.WriteAllBytes(scene["changed"], Noise(BigBytes, 13));
            File.Delete(scene["gone"]);
            File.Move(scene["rotated"], scene["rotated.1"]);
            File.WriteAllText(scene["rotated"], "new");
            steps = 0;
            scene.OnStep = name =>
            {
                if (steps++ == failing)
                {
                    throw new EngineException(EngineFailure.Failed, $"injected before {name}");
                }
            };

            var failure = Record.Exception(() => scene.Restore());
            scene.OnStep = static _ => { };
            _ = scene.Restore();

            Assert.Equal(grown, File.ReadAllBytes(scene["grown"]));
            Assert.Equal("tail", File.ReadAllText(scene["grown.after-md-12"]));
            Assert.Equal(big, File.ReadAllBytes(scene["changed"]));
            Assert.Equal(big, File.ReadAllBytes(scene["gone"]));
            Assert.Equal(("old", "new"), (File.ReadAllText(scene["rotated"]), File.ReadAllText(scene["rotated.after-md-12"])));
            Assert.Equal(7, Directory.GetFiles(scene.Root).Length);
            if (failure is null)
            {
                break;
            }
        }

        Assert.InRange(steps, 8, 100);
    }

    [Fact]
    public void Plan_WhereADirectoryHasTheName_NamesIt()
    {
        File.WriteAllText(Log, "head\n");
        _scene.Carry("out.log");
        File.Delete(Log);
        Directory.CreateDirectory(Log);

        Assert.Equal($"{Log}, a file of the job, is a directory by now.", Refused().Message);
    }

    [Fact]
    public void Plan_WhereALinkHasTheName_NamesItAndFollowsItNowhere()
    {
        File.WriteAllText(Log, "head\n");
        File.WriteAllText(_scene["victim"], "precious");
        _scene.Carry("out.log");
        File.Delete(Log);
        File.CreateSymbolicLink(Log, _scene["victim"]);

        Assert.Equal($"{Log}, a file of the job, is a symbolic link by now.", Refused().Message);
        Assert.Equal("precious", File.ReadAllText(_scene["victim"]));
    }

    [Fact]
    public void Plan_WhereALinkIsInThePath_NamesIt()
    {
        Directory.CreateDirectory(_scene["dir"]);
        File.WriteAllText(_scene["dir/file"], "text");
        _scene.Carry("dir/file");
        Directory.Move(_scene["dir"], _scene["elsewhere"]);
        File.Delete(_scene["elsewhere/file"]);
        Directory.CreateSymbolicLink(_scene["dir"], _scene["elsewhere"]);

        Assert.Contains("a symbolic link is in the path", Refused().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_WhereADirectoryIsGoneThatNobodyKnows_NamesIt()
    {
        Directory.CreateDirectory(_scene["dir"]);
        File.WriteAllText(_scene["dir/file"], "text");
        _scene.Carry("dir/file").Path = ByteString.CopyFromUtf8(_scene["unknown/file"]);

        Assert.Equal($"The directory {_scene["unknown"]}, in which the job had a file, is missing.", Refused().Message);
    }

    [Theory]
    [InlineData("Size", true, true)]
    [InlineData("Nothing", true, true)]
    [InlineData("Size", false, false)]
    public void Plan_OfAMissingFileWithoutContents_IsRefusedWhereTheJobHasItOpen(string kind, bool isOpen, bool isRefused)
    {
        File.WriteAllText(Log, "head\n");
        _scene.Carry("out.log", Enum.Parse<CarriedFile.Types.Kind>(kind), isOpen);
        File.Delete(Log);

        var failure = Record.Exception(() => _scene.Plan());

        Assert.Equal(isRefused ? $"{Log}, which the job has open, is missing." : null, failure?.Message);
    }

    [Theory]
    [InlineData(">>", true, true)]
    [InlineData("<", true, false)] // somebody who only reads, such as tail -f
    [InlineData(">>", false, false)] // there is nothing to put back
    public void Plan_WhileAProcessHasTheFileOpen_NamesIt(string redirection, bool isChanged, bool isRefused)
    {
        File.WriteAllText(Log, "head\n");
        _scene.Carry("out.log");
        if (isChanged)
        {
            Append("tail"u8);
        }

        using var scratch = new Scratch();
        var holder = Command.Start(scratch, "sh", "-c", $"exec sleep 1000 {redirection} {Log}");
        try
        {
            Wait.Until(
                () => ProcFs.TryFileDescriptors(new ProcessId(holder))?.Any(fd => ProcFs.ReadLink($"/proc/{holder}/fd/{fd}") == Log) == true
                    && ProcFs.TryStat(new ProcessId(holder))?.Comm == "sleep",
                Wait.Patience,
                () => $"process {holder} does not open {Log}");

            var failure = Record.Exception(() => _scene.Plan()) as EngineException;

            Assert.Equal(isRefused ? EngineFailure.WorldChanged : null, failure?.Reason);
            Assert.True(!isRefused || failure!.Message.StartsWith($"{Log} has changed since the dump and process {holder} (sleep) has it open", StringComparison.Ordinal));
        }
        finally
        {
            Command.End(holder);
        }
    }

    [Theory]
    [InlineData(0u, false)]
    [InlineData(1u, true)]
    [InlineData(2u, true)]
    public void Restore_OfAGenerationThatKnewSizesOnly_CutsWhatTheJobWrote(uint flags, bool isCut)
    {
        File.WriteAllText(Log, "head\n");
        var stat = FileStat.Of(Log);
        _scene.MakeOld(new OpenFile { Path = ByteString.CopyFromUtf8(Log), Flags = flags, Bytes = stat.Bytes, MtimeNs = stat.ModifiedNs });
        Append("tail"u8);

        var change = Assert.Single(_scene.Restore());

        Assert.Equal((isCut, isCut ? "head\n" : "head\ntail"), (change.RolledBack, File.ReadAllText(Log)));
    }

    [Fact]
    public void Restore_OfAGenerationThatKnewSizesOnly_TellsWhatWasChangedInPlace()
    {
        File.WriteAllText(Log, "head\n");
        var stat = FileStat.Of(Log);
        _scene.MakeOld(new OpenFile { Path = ByteString.CopyFromUtf8(Log), Flags = 1, Bytes = stat.Bytes, MtimeNs = stat.ModifiedNs - 1 });

        var change = Assert.Single(_scene.Restore());

        Assert.Equal(("was changed in place since the dump; its contents are as they are now", false), (change.What, change.RolledBack));
    }

    private static byte[] Noise(int bytes, int seed)
    {
        var noise = new byte[bytes];
        new Random(seed).NextBytes(noise);
        return noise;
    }

    private EngineException Refused()
    {
        var failure = Assert.Throws<EngineException>(() => _scene.Plan());
        Assert.Equal(EngineFailure.WorldChanged, failure.Reason);
        return failure;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        using var file = File.Open(Log, FileMode.Append);
        file.Write(bytes);
    }

    private void Overwrite(long offset, ReadOnlySpan<byte> bytes)
    {
        using var file = File.OpenHandle(Log, FileMode.Open, FileAccess.Write);
        RandomAccess.Write(file, bytes, offset);
    }
}
