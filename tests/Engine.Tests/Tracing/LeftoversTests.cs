using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Tracing;
using Xunit;

namespace Checkpointer.Engine.Tests.Tracing;

/// <summary>What was left behind is known for sure, and nothing of the job's is taken for it.</summary>
[Trait("kind", "unit")]
public sealed class LeftoversTests
{
    // Of a copy that was killed when its tracer died, and of one that ended by itself; Linux 6.18.
    private const string Killed = "812 (steady (x) y) Z 810 810 810 0 -1 4228620 0 0 0 0 0 0 0 0 20 0 1 0 22 0 0 1 0 0 0 0 0 0 512 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 9";
    private const string Worked = "813 (steady) Z 810 810 810 0 -1 4228620 87 0 0 0 0 7 0 0 20 0 1 0 22 0 0 1 0 0 0 0 0 0 512 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 9";

    private static readonly ulong _place = Gate.Places.ElementAt(3);

    [Fact]
    public void Gate_AtOneOfItsPlaces_IsOurs()
    {
        Assert.True(Leftovers.IsGate(Mapping(_place, "rwxs", "/dev/zero (deleted)")));
    }

    [Theory]
    [InlineData(4096, "rwxs", "/dev/zero (deleted)")]
    [InlineData(0, "rwxp", "")]
    [InlineData(0, "rw-s", "/dev/zero (deleted)")]
    [InlineData(0, "rwxs", "/dev/zero")]
    [InlineData(0, "rwxs", "/tmp/file (deleted)")]
    public void Mapping_OfTheJob_IsNotOurs(int distance, string permissions, string path)
    {
        Assert.False(Leftovers.IsGate(Mapping(_place + (ulong)distance, permissions, path)));
    }

    [Fact]
    public void Zombie_ThatNeverRan_IsToldFromOneThatWorked()
    {
        Assert.True(Leftovers.NeverRan(Killed));
        Assert.False(Leftovers.NeverRan(Worked));
    }

    private static Vma Mapping(ulong start, string permissions, string path) =>
        SmapsReader.Parse(System.Text.Encoding.ASCII.GetBytes($"{start:x}-{start + Gate.Bytes:x} {permissions} 00000000 00:01 16910 {path}\n")).Single();
}
