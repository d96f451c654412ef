using Checkpointer.Engine.Proc;
using Xunit;

namespace Checkpointer.Engine.Tests.Proc;

[Trait("kind", "unit")]
public sealed class StatusReaderTests
{
    [Fact]
    public void Status_OfLinux618_GivesEveryLine()
    {
        ProcStatus status = StatusReader.Parse(Samples.Read("status-6.18.txt"));

        var expected = new ProcStatus
        {
            Name = "a) (b\n\\c) R",
            Umask = 0x17, // octal 027
            State = 'S',
            Tgid = 6186,
            Ngid = 0,
            Pid = 6186,
            PPid = 6185,
            TracerPid = 0,
            Uid = status.Uid,
            Gid = status.Gid,
            Groups = status.Groups,
            NSpid = status.NSpid,
            Kthread = false,
            VmRssBytes = 1516 * 1024,
            VmSwapBytes = 0,
            ThpEnabled = true,
            Threads = 1,
            SigQ = new SignalQueue(5, 96365),
            SigPnd = 0x800,
            ShdPnd = 0,
            SigBlk = 0x800,
            SigIgn = 0x206,
            SigCgt = 0,
            CapInh = 0,
            CapPrm = 0x1fffeffffff,
            CapEff = 0x1fffeffffff,
            CapBnd = 0x1fffeffffff,
            CapAmb = 0,
            NoNewPrivs = false,
            Seccomp = 0,
            SeccompFilters = 0,
        };
        Assert.Equal(expected, status);
    }

    [Fact]
    public void Lists_OfLinux618_HoldAllNumbers()
    {
        ProcStatus status = StatusReader.Parse(Samples.Read("status-6.18.txt"));

        Assert.Equal([4u, 24u, 1000u], status.Groups);
        Assert.Equal([6186], status.NSpid);
        Assert.Equal([0u, 0u, 0u, 0u], status.Uid);
    }

    [Fact]
    public void Status_OfLinux310_LacksLaterLines()
    {
        ProcStatus status = StatusReader.Parse(Samples.Read("status-3.10.txt"));

        Assert.Equal((null, null, null, null), (status.Umask, status.Ngid, status.Kthread, status.ThpEnabled));
        Assert.Equal((null, null, 2, null), (status.CapAmb, status.NoNewPrivs, status.Seccomp, status.SeccompFilters));
        Assert.Empty(status.NSpid);
    }

    [Fact]
    public void Status_OfLinux310_GivesWhatItHas()
    {
        ProcStatus status = StatusReader.Parse(Samples.Read("status-3.10.txt"));

        Assert.Equal((4711, 4700, 4600, 99, 'D'), (status.Pid, status.Tgid, status.PPid, status.TracerPid, status.State));
        Assert.Equal([1000u, 1001u, 1002u, 1003u], status.Uid);
        Assert.Equal([100u, 101u, 102u, 103u], status.Gid);
        Assert.Empty(status.Groups);
        Assert.Equal(new SignalQueue(1, ulong.MaxValue), status.SigQ);
        Assert.Equal((0x4000UL, 0xfffffffe7ffbfeffUL), (status.ShdPnd, status.SigCgt));
        Assert.Equal((118000L + 2048) * 1024, status.PopulatedBytes);
    }

    [Fact]
    public void Status_OfKernelThread_HasNoMemory()
    {
        ProcStatus status = StatusReader.Parse(Samples.Read("status-6.10-kthread.txt"));

        Assert.Equal((true, 0L, 0L), (status.Kthread, status.VmRssBytes, status.VmSwapBytes));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("  x  ", "  x  ")]
    [InlineData("\\\\n", "\\n")]
    [InlineData("a\\nPid:\\t7", "a\nPid:\\t7")]
    [InlineData("Pid:\t7", "Pid:\t7")]
    public void Name_WithAnyCharacters_IsUnescapedAndFakesNoLine(string escaped, string name)
    {
        ProcStatus status = StatusReader.Parse(Samples.Changed("status-3.10.txt", "Name:\tlmp", $"Name:\t{escaped}"));

        Assert.Equal((name, 4711), (status.Name, status.Pid));
    }

    [Theory]
    [InlineData("Tgid:\t4700\n", "")]
    [InlineData("Tgid:\t4700\n", "Tgid:\n")]
    [InlineData("PPid:\t4600", "PPid:\tx")]
    [InlineData("Uid:\t1000\t1001\t1002\t1003", "Uid:\t1000\t1001\t1002")]
    [InlineData("Uid:\t1000\t1001", "Uid:\t-1\t1001")]
    [InlineData("State:\tD", "State:\t7")]
    [InlineData("SigQ:\t1/", "SigQ:\t1 ")]
    [InlineData("SigCgt:\tfffffffe7ffbfeff", "SigCgt:\t0fffffffe7ffbfeffff")]
    [InlineData("VmRSS:\t  118000 kB", "VmRSS:\t 9223372036854775807 kB")]
    [InlineData("VmSwap:\t    2048", "VmSwap:\t   -2048")]
    [InlineData("Groups:\t ", "Groups:\t wheel")]
    public void Malformed_Throws(string old, string replacement)
    {
        byte[] text = Samples.Changed("status-3.10.txt", old, replacement);

        Assert.Throws<ProcFormatException>(() => StatusReader.Parse(text));
    }

    [Theory]
    [InlineData("Umask:\t0027", "Umask:\t0028")]
    [InlineData("Umask:\t0027", "Umask:\t77777777777777777777777")]
    public void Umask_Malformed_Throws(string old, string replacement)
    {
        byte[] text = Samples.Changed("status-6.18.txt", old, replacement);

        Assert.Throws<ProcFormatException>(() => StatusReader.Parse(text));
    }
}
