using Checkpointer.Engine.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Support;

[Trait("kind", "unit")]
public sealed class TerminalNamesTests
{
    [Theory]
    [InlineData(0x8803, "/dev/pts/3")]
    [InlineData(0x88ff, "/dev/pts/255")]
    [InlineData(0x108801, "/dev/pts/257")] // 20 bits of minor numbers: the low 8, then those above the 12 of the major
    [InlineData(0x0405, "/dev/tty5")]
    [InlineData(0x0441, "/dev/ttyS1")]
    [InlineData(0x0501, "/dev/console")]
    [InlineData(0x0c07, "terminal 12:7")]
    public void Decode_OfTtyNr_NamesTheTerminal(int ttyNr, string name) => Assert.Equal(name, TerminalNames.Of(TerminalNames.Decode(ttyNr)));

    [Fact]
    public void Slave_OfANumber_IsOneWithThatNumber()
    {
        var device = TerminalNames.Slave(4711);

        Assert.True(TerminalNames.IsSlave(device));
        Assert.False(TerminalNames.IsHardware(device));
        Assert.Equal(4711u, TerminalNames.NumberOf(device));
    }

    [Theory]
    [InlineData(4, 1, true)]
    [InlineData(4, 64, true)]
    [InlineData(5, 1, true)]
    [InlineData(5, 0, false)]
    [InlineData(1, 3, false)]
    public void IsHardware_IsTrueForConsolesAndLines(uint major, uint minor, bool expected) =>
        Assert.Equal(expected, TerminalNames.IsHardware(FileStat.DeviceOf(major, minor)));
}
