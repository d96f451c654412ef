using Checkpointer.CrashLab.Disk;
using Checkpointer.CrashLab.Kit;
using Checkpointer.CrashLab.Machine;
using Xunit;
using Xunit.Abstractions;

namespace Checkpointer.CrashLab;

/// <summary>
/// The tests of trackers and increments under kernels with soft-dirty bits: 6.12, which shows them by PAGEMAP_SCAN, and 6.1, which has the page map alone.
/// </summary>
[Collection(LaboratoryCollection.Name)]
[Trait("kind", "lab")]
public sealed class SoftDirtyTests(Laboratory lab, ITestOutputHelper output)
{
    // On the disk: files in memory cannot be opened for direct I/O before Linux 6.6.
    private const string Suite = $"mkdir -p /data/tmp; TMPDIR=/data/tmp dotnet {RootImage.Sources}/tests/CrashLab/Checkpointer.CrashLab.dll suite";
    private static readonly TimeSpan _suiteLimit = TimeSpan.FromMinutes(25);

    [LabTheory]
    [InlineData("6.1")]
    [InlineData("6.12")]
    public void TrackersAndIncrements_AreRight(string kernel) => LabRun.Logged("soft-dirty", LabRun.Seed, output, directory =>
    {
        using var disk = new PowerDisk(lab.NewDisk());
        using var machine = VirtualMachine.Boot(lab, new BootPlan(lab.Kernel(kernel), disk, "rw", directory, kernel));
        Run(machine, "Engine.Tests", "Tracking.TrackerTests.", "name: \"soft-dirty\"");
        if (LabRun.IsLong)
        {
            Run(machine, "EndToEnd.Tests", "IncrementTests.", "mode: \"compared, cloned\"");
            Run(machine, "EndToEnd.Tests", "IncrementTests.", "mode: \"stop and copy\"");
        }
    });

    private void Run(VirtualMachine machine, string project, string tests, string condition)
    {
        var result = machine.Shell.Try($"{Suite} {RootImage.Sources}/tests/{project}/Checkpointer.{project}.dll '{tests}' '{condition}'", _suiteLimit);
        output.WriteLine(result.Output);
        _ = result.Expect(0);
    }
}
