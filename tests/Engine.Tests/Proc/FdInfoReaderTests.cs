using System.Text;
using Checkpointer.Engine.Proc;
using Xunit;

namespace Checkpointer.Engine.Tests.Proc;

[Trait("kind", "unit")]
public sealed class FdInfoReaderTests
{
    private const int CloseOnExec = 0x80000; // octal 02000000

    [Fact]
    public void FdInfo_OfLockedFile_GivesEveryLine()
    {
        FdInfo info = FdInfoReader.Parse(Samples.Read("fdinfo-locks-6.18.txt"));

        Assert.Equal((1234L, 0x8402, 27, 11657420UL), (info.Position, info.Flags, info.MountId, info.Inode));
        Assert.Equal(
            ["1: FLOCK  ADVISORY  WRITE 6186 fe:00:11657420 0 EOF", "2: POSIX  ADVISORY  WRITE 6186 fe:00:11657420 10 29"],
            info.Locks);
    }

    [Fact]
    public void FdInfo_OfOlderKernel_LacksMountAndInode()
    {
        FdInfo info = Parse("pos:\t0\nflags:\t0100002\n");

        Assert.Equal((null, null), (info.MountId, info.Inode));
        Assert.Empty(info.Locks);
    }

    [Fact]
    public void FdInfo_OfEventFd_IgnoresItsOwnLines()
    {
        FdInfo info = Parse("pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t1057\neventfd-count:                3\neventfd-id: 0\n");

        Assert.Equal((CloseOnExec | 2, 15), (info.Flags, info.MountId));
    }

    [Fact]
    public void Position_MayBeNegative()
    {
        Assert.Equal(-4096, Parse("pos:\t-4096\nflags:\t02\n").Position);
    }

    [Theory]
    [InlineData("")]
    [InlineData("flags:\t02\n")]
    [InlineData("pos:\t1\n")]
    [InlineData("pos:\t\nflags:\t02\n")]
    [InlineData("pos:\t9223372036854775808\nflags:\t02\n")]
    [InlineData("pos:\t1\nflags:\t08\n")]
    [InlineData("pos:\t1\nflags:\t040000000000\n")]
    [InlineData("pos:\t1\nflags:\t02\nmnt_id:\tx\n")]
    [InlineData("pos:\t1\nflags:\t02\nino:\t-1\n")]
    public void Malformed_Throws(string text)
    {
        Assert.Throws<ProcFormatException>(() => Parse(text));
    }

    private static FdInfo Parse(string text) => FdInfoReader.Parse(Encoding.ASCII.GetBytes(text));
}
