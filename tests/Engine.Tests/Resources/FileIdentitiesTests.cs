using Checkpointer.Engine.Images;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tests.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Resources;

/// <summary>When a file that is not stored counts as the same.</summary>
[Trait("kind", "unit")]
public sealed class FileIdentitiesTests : IDisposable
{
    private static readonly DateTime _other = new(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void IsSame_OfTheUntouchedFile_IsTrue()
    {
        Assert.True(FileIdentities.IsSame(Identity("data"), _scratch["file"]));
    }

    [Fact]
    public void IsSame_AfterAnotherSize_IsFalse()
    {
        var then = Identity("data");
        var modified = File.GetLastWriteTimeUtc(_scratch["file"]);
        File.AppendAllText(_scratch["file"], "more");
        File.SetLastWriteTimeUtc(_scratch["file"], modified);

        Assert.False(FileIdentities.IsSame(then, _scratch["file"]));
    }

    [Fact]
    public void IsSame_AfterAnotherTimeWithoutBuildId_IsFalse()
    {
        var then = Identity("data");
        File.SetLastWriteTimeUtc(_scratch["file"], _other);

        Assert.False(FileIdentities.IsSame(then, _scratch["file"]));
    }

    [CommandFact("cc")]
    public void IsSame_OfTheSameBuildAtAnotherTime_IsTrue()
    {
        // A package that was installed again.
        var then = Built("0123456789abcdef");
        File.SetLastWriteTimeUtc(_scratch["file"], _other);

        Assert.True(FileIdentities.IsSame(then, _scratch["file"]));
    }

    [CommandFact("cc")]
    public void IsSame_OfAnotherBuildOfTheSameSize_IsFalse()
    {
        var then = Built("0123456789abcdef");
        var now = Built("fedcba9876543210");

        Assert.Equal(then.Bytes, now.Bytes);
        Assert.NotEqual(then.MtimeNs, now.MtimeNs);
        Assert.False(FileIdentities.IsSame(then, _scratch["file"]));
    }

    [Fact]
    public void IsSame_OfAMissingFile_IsFalse()
    {
        var then = Identity("data");
        File.Delete(_scratch["file"]);

        Assert.False(FileIdentities.IsSame(then, _scratch["file"]));
    }

    [Fact]
    public void Of_TheSamePathTwice_LooksOnce()
    {
        var identities = new FileIdentities();
        File.WriteAllText(_scratch["file"], "data");
        var stat = FileStat.Of(_scratch["file"]);
        var first = identities.Of(_scratch["file"], stat);
        File.Delete(_scratch["file"]);

        Assert.Same(first, identities.Of(_scratch["file"], stat));
    }

    [Fact]
    public void Of_AFileThatChangedMeanwhile_LooksAgain()
    {
        var identities = new FileIdentities();
        File.WriteAllText(_scratch["file"], "data");
        var first = identities.Of(_scratch["file"], FileStat.Of(_scratch["file"]));
        File.WriteAllText(_scratch["file"], "other data");
        File.SetLastWriteTimeUtc(_scratch["file"], DateTime.UnixEpoch);

        Assert.NotEqual(first, identities.Of(_scratch["file"], FileStat.Of(_scratch["file"])));
    }

    private FileIdentity Identity(string contents)
    {
        File.WriteAllText(_scratch["file"], contents);
        return new FileIdentities().Of(_scratch["file"], FileStat.Of(_scratch["file"]));
    }

    private FileIdentity Built(string id)
    {
        File.WriteAllText(_scratch["main.c"], "int main(void) { return 0; }\n");
        _ = Command.Require(_scratch, "cc", $"-Wl,--build-id=0x{id}", "-o", _scratch["file"], _scratch["main.c"]);
        return new FileIdentities().Of(_scratch["file"], FileStat.Of(_scratch["file"]));
    }
}
