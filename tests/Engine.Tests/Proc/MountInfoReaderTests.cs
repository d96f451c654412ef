using System.Text;
using Checkpointer.Engine.Proc;
using Xunit;

namespace Checkpointer.Engine.Tests.Proc;

[Trait("kind", "unit")]
public sealed class MountInfoReaderTests
{
    private static readonly IReadOnlyList<Mount> _mounts = MountInfoReader.Parse(Samples.Read("mountinfo-6.18.txt"));

    [Fact]
    public void Mount_WithOptionalFields_GivesEveryField()
    {
        var expected = new Mount
        {
            MountId = 25,
            ParentId = 24,
            Major = 0,
            Minor = 23,
            Root = "/",
            MountPoint = "/dev/shm",
            Options = "rw,nosuid,nodev",
            FileSystemType = "tmpfs",
            Source = "tmpfs",
            SuperOptions = "rw,size=24684092k",
        };
        Assert.Equal(expected, _mounts[1]);
    }

    [Fact]
    public void Mounts_AreInTheKernelsOrder()
    {
        Assert.Equal([22, 25, 27, 60, 61, 63, 64], _mounts.Select(mount => mount.MountId));
        Assert.Equal((254u, 0u, "/dev/vda"), (_mounts[2].Major, _mounts[2].Minor, _mounts[2].Source));
        Assert.Equal("fuse.sshfs", _mounts[6].FileSystemType);
    }

    [Fact]
    public void MountPoint_WithEscapes_IsDecoded()
    {
        Assert.Equal("/srv/m t\\a#", _mounts[3].MountPoint);
    }

    [Fact]
    public void Source_Empty_DoesNotShiftTheOptions()
    {
        Assert.Equal(("", "rw,size=4k"), (_mounts[3].Source, _mounts[3].SuperOptions));
    }

    [Fact]
    public void Source_WithEscapes_IsDecoded()
    {
        Assert.Equal("#so urce", _mounts[4].Source);
    }

    [Fact]
    public void Root_WithNewline_IsDecoded()
    {
        Assert.Equal("/srv/n\nl", _mounts[5].Root);
    }

    [Theory]
    [InlineData("22 27 0:21 / /proc rw,relatime")]
    [InlineData("22 27 0:21 / /proc rw,relatime proc proc rw")]
    [InlineData("22 27 0:21 / /proc rw,relatime - proc")]
    [InlineData("22 27 0:21 / /proc rw,relatime - proc proc")]
    [InlineData("22 x 0:21 / /proc rw - proc proc rw")]
    [InlineData("22 27 021 / /proc rw - proc proc rw")]
    [InlineData("22 27 0:-1 / /proc rw - proc proc rw")]
    [InlineData("\n")]
    public void Malformed_Throws(string text)
    {
        Assert.Throws<ProcFormatException>(() => MountInfoReader.Parse(Encoding.ASCII.GetBytes(text)));
    }
}
