using System.Text;
using Checkpointer.Engine.Proc;
using Xunit;

namespace Checkpointer.Engine.Tests.Proc;

[Trait("kind", "unit")]
public sealed class CgroupReaderTests
{
    [Fact]
    public void Cgroups_OfBothVersions_AreRead()
    {
        IReadOnlyList<CgroupMembership> cgroups = CgroupReader.Parse(Samples.Read("cgroup-6.18.txt"));

        Assert.Equal(
            [
                new CgroupMembership(9, "name=systemd", "/", false),
                new CgroupMembership(8, "pids", "/", false),
                new CgroupMembership(2, "cpu,cpuacct", "/batch/job 7:a", false),
                new CgroupMembership(0, "", "/user.slice/user-1000.slice/job.scope", true),
            ],
            cgroups);
        Assert.Equal([false, false, false, true], cgroups.Select(cgroup => cgroup.IsUnified));
    }

    [Theory]
    [InlineData("0::")]
    [InlineData("0:/")]
    [InlineData(":cpu:/")]
    [InlineData("x:cpu:/")]
    [InlineData("1:cpu:relative")]
    [InlineData("\n")]
    public void Malformed_Throws(string text)
    {
        Assert.Throws<ProcFormatException>(() => CgroupReader.Parse(Encoding.ASCII.GetBytes(text)));
    }
}
