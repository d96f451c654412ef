using System.Text;
using Checkpointer.Engine.Proc;
using Xunit;

namespace Checkpointer.Engine.Tests.Proc;

[Trait("kind", "unit")]
public sealed class StatReaderTests
{
    private const string Tail = " S 1 2 3 0 -1 64 0 0 0 0 0 0 0 0 20 0 1 0 77 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0";

    [Fact]
    public void Stat_OfLinux618_GivesEveryField()
    {
        ProcStat stat = StatReader.Parse(Samples.Read("stat-6.18.txt"));

        Assert.Equal(
            new ProcStat
            {
                Pid = 6186,
                Comm = "a) (b\n\\c) R",
                CommBytes = stat.CommBytes,
                State = 'S',
                ParentPid = 6185,
                ProcessGroup = 6173,
                Session = 2775,
                TtyNr = 0,
                TtyForegroundGroup = -1,
                Flags = 4194560,
                Nice = 5,
                ThreadCount = 1,
                StartTicks = 189526,
                StartCode = 94479190081536,
                EndCode = 94479190083993,
                StartStack = 140737220694656,
                ExitSignal = 17,
                RtPriority = 0,
                Policy = 0,
                StartData = 94479190093264,
                EndData = 94479190094096,
                StartBrk = 94479757840384,
                ArgStart = 140737220696378,
                ArgEnd = 140737220696382,
                EnvStart = 140737220696382,
                EnvEnd = 140737220698100,
                ExitCode = 0,
            },
            stat);
    }

    [Fact]
    public void Stat_OfZombie_HasExitCodeAndIsDead()
    {
        ProcStat stat = StatReader.Parse(Samples.Read("stat-3.10-zombie.txt"));

        Assert.Equal(('Z', 256, 34816, true), (stat.State, stat.ExitCode, stat.TtyNr, stat.IsDead));
    }

    [Fact]
    public void IsDead_OfZombieLeaderWithLivingThreads_IsFalse()
    {
        byte[] text = Samples.Changed("stat-3.10-zombie.txt", " 20 0 1 0 ", " 20 0 4 0 ");

        Assert.False(StatReader.Parse(text).IsDead);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(")")]
    [InlineData("((")]
    [InlineData(") Z 9 9 9")]
    [InlineData("a\nb")]
    public void Comm_WithAnyBytes_IsTakenWhole(string comm)
    {
        ProcStat stat = StatReader.Parse(Encoding.UTF8.GetBytes($"5 ({comm}){Tail}\n"));

        Assert.Equal((comm, 'S', 1, 77UL), (stat.Comm, stat.State, stat.ParentPid, stat.StartTicks));
    }

    [Fact]
    public void Comm_CutInsideACharacter_KeepsItsBytes()
    {
        byte[] comm = [(byte)'x', 0xE2, 0x82];

        ProcStat stat = StatReader.Parse([.. "5 ("u8, .. comm, .. ")"u8, .. Encoding.ASCII.GetBytes(Tail)]);

        Assert.Equal(comm, stat.CommBytes.ToArray());
    }

    [Fact]
    public void FieldsBehindTheLastKnown_AreIgnored()
    {
        Assert.Equal(0, StatReader.Parse(Encoding.ASCII.GetBytes($"5 (x){Tail} what ever\n")).ExitCode);
    }

    [Theory]
    [InlineData("5 (x) S 1 2 3", "tty_nr")]
    [InlineData("5 (x) S 1 two 3", "pgrp")]
    [InlineData("5 (x) SS 1 2 3", "state")]
    [InlineData("5 (x) 7 1 2 3", "state")]
    [InlineData("5 (x", "comm")]
    [InlineData("5 )x(", "comm")]
    [InlineData("", "comm")]
    [InlineData("99999999999 (x) S", "pid")]
    public void Malformed_ThrowsWithFieldAndLine(string text, string field)
    {
        var failure = Assert.Throws<ProcFormatException>(() => StatReader.Parse(Encoding.ASCII.GetBytes(text)));

        Assert.Contains($"`{field}`", failure.Message, StringComparison.Ordinal);
    }
}
