using Checkpointer.CrashLab.Disk;
using Checkpointer.CrashLab.Kit;
using Checkpointer.CrashLab.Machine;
using Checkpointer.CrashLab.Rounds;
using Xunit;
using Xunit.Abstractions;

namespace Checkpointer.CrashLab;

/// <summary>The laboratory itself: its kernels boot, the program runs there, and a cut loses what was not synced, and only that.</summary>
[Collection(LaboratoryCollection.Name)]
[Trait("kind", "lab")]
public sealed class BootTests(Laboratory lab, ITestOutputHelper output)
{
    // Exit codes of doctor. The kernels lack nf_tables here, which only connections that are kept need.
    private const int Works = 0;
    private const int Degraded = 3;

    [LabTheory]
    [InlineData("6.1")]
    [InlineData("6.12")]
    public void Cut_LosesWhatWasNotSynced(string kernel) => LabRun.Logged("boot", LabRun.Seed, output, directory =>
    {
        using var disk = new PowerDisk(lab.NewDisk());
        using (var machine = Boot(disk, kernel, directory, "first"))
        {
            Assert.StartsWith(kernel + ".", machine.Shell.Run("uname -r"), StringComparison.Ordinal);
            _ = machine.Shell.Run("echo kept >/data/kept && sync && echo lost >/data/lost && cat /data/lost");
            machine.Cut(CutLoss.All, new Random(1));
        }

        using var again = Boot(disk, kernel, directory, "second");
        Assert.Equal("kept\n", again.Shell.Run("cat /data/kept"));
        Assert.NotEqual("lost\n", again.Shell.Try("cat /data/lost").Output);
        var doctor = again.Shell.Try($"{Care.ServiceOptions} checkpointer doctor --store /data/store"); // says, too, if there are no such options
        output.WriteLine(doctor.Output);
        Assert.True(doctor.ExitCode is Works or Degraded, doctor.Output);
        again.PowerOff();
    });

    private VirtualMachine Boot(PowerDisk disk, string kernel, string directory, string name)
        => VirtualMachine.Boot(lab, new BootPlan(lab.Kernel(kernel), disk, "rw", directory, name));
}
