using System.Net;
using System.Text;
using Checkpointer.Engine.Proc;
using Xunit;

namespace Checkpointer.Engine.Tests.Proc;

/// <summary>/proc/net/igmp and igmp6, as Linux 6.18 writes them.</summary>
[Trait("kind", "unit")]
public sealed class MulticastTablesTests
{
    [Fact]
    public void Version4_OfSample_IsRead()
    {
        var entries = MulticastTables.Parse4(Encoding.ASCII.GetBytes(
            "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"
            + "1\tlo        :     2      V3\n"
            + "\t\t\t\t030201EF     1 0:00000000\t\t0\n"
            + "\t\t\t\t010000E0     1 0:00000000\t\t0\n"
            + "14\teth0.7    :     1      V3\n"
            + "\t\t\t\t010000E0     1 0:00000000\t\t0\n"));

        Assert.Equal(
            [
                new MulticastGroupEntry(1, "lo", IPAddress.Parse("239.1.2.3")), new MulticastGroupEntry(1, "lo", IPAddress.Parse("224.0.0.1")),
                new MulticastGroupEntry(14, "eth0.7", IPAddress.Parse("224.0.0.1")),
            ],
            entries);
    }

    [Fact]
    public void Version6_OfSample_IsRead()
    {
        var entries = MulticastTables.Parse6("1    lo              ff150000000000000000000000001234     1 0000000C 0\n"u8);

        Assert.Equal([new MulticastGroupEntry(1, "lo", IPAddress.Parse("ff15::1234"))], entries);
    }

    [Fact]
    public void Tables_WithoutGroups_AreEmpty()
    {
        Assert.Empty(MulticastTables.Parse4([]));
        Assert.Empty(MulticastTables.Parse6([]));
    }

    [Fact]
    public void Lines_CutShort_AreRefused()
    {
        Assert.Throws<ProcFormatException>(() => MulticastTables.Parse4("Idx\n1\tlo"u8));
        Assert.Throws<ProcFormatException>(() => MulticastTables.Parse6("1    lo"u8));
    }
}
