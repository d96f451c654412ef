using System.Globalization;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Support;

/// <summary>What we take from statx(2).</summary>
[Trait("kind", "unit")]
public sealed class FileStatTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [CommandFact("stat")]
    public void Of_AFile_IsWhatStatSays()
    {
        File.WriteAllText(_scratch["file"], "12345");
        File.SetUnixFileMode(_scratch["file"], UnixFileMode.UserRead | UnixFileMode.GroupExecute);

        var stat = FileStat.Of(_scratch["file"]);

        // Raw mode in hex, inode, device as major and minor, size, owner, modification time with nanoseconds.
        var expected = Command.Require(_scratch, "stat", "-c", "%f %i %Hd %Ld %s %u %.9Y", _scratch["file"]).Trim();
        var seconds = string.Create(CultureInfo.InvariantCulture, $"{stat.ModifiedNs / 1_000_000_000}.{stat.ModifiedNs % 1_000_000_000:d9}");
        Assert.Equal(expected, $"{stat.Mode:x} {stat.Inode} {stat.Device >> 32} {stat.Device & uint.MaxValue} {stat.Bytes} {stat.Owner} {seconds}");
        Assert.Equal(FileFlag.S_IFREG, stat.Type);
    }

    [Fact]
    public void Of_ADevice_NamesIt()
    {
        var stat = FileStat.Of("/dev/zero");

        Assert.Equal((FileFlag.S_IFCHR, (1ul << 32) | 5), (stat.Type, stat.DeviceNode));
    }

    [Fact]
    public void Of_ALink_IsTheFileBehindIt()
    {
        File.WriteAllText(_scratch["file"], "");
        File.WriteAllText(_scratch["other"], "");
        _ = File.CreateSymbolicLink(_scratch["link"], _scratch["file"]);

        Assert.True(FileStat.Of(_scratch["link"]).IsSameFile(FileStat.Of(_scratch["file"])));
        Assert.False(FileStat.Of(_scratch["link"]).IsSameFile(FileStat.Of(_scratch["other"])));
    }

    [Theory]
    [InlineData("absent")]
    [InlineData("file/below")]
    public void TryOf_AMissingFile_IsNull(string name)
    {
        File.WriteAllText(_scratch["file"], "");

        Assert.Null(FileStat.TryOf(_scratch[name]));
        Assert.Equal(Errno.ENOENT, Assert.Throws<LinuxException>(() => FileStat.Of(_scratch[name])).Errno);
    }

    [Fact]
    public void TryOf_ANameThatIsTooLong_IsAnError()
    {
        var name = _scratch[new string('x', 300)];

        var failure = Assert.Throws<LinuxException>(() => FileStat.TryOf(name));

        Assert.StartsWith($"statx of {name}: ", failure.Message, StringComparison.Ordinal);
    }
}
