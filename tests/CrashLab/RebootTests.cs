using Checkpointer.CrashLab.Disk;
using Checkpointer.CrashLab.Kit;
using Checkpointer.CrashLab.Rounds;
using Xunit;
using Xunit.Abstractions;

namespace Checkpointer.CrashLab;

/// <summary>What is another after a reboot: clocks that begin again, and, after an upgrade, the kernel with its vDSO. Jobs go on, are dumped there, and come back again.</summary>
[Collection(LaboratoryCollection.Name)]
[Trait("kind", "lab")]
public sealed class RebootTests(Laboratory lab, ITestOutputHelper output)
{
    private static readonly TimeSpan _longestRun = TimeSpan.FromSeconds(10);

    private static readonly Dictionary<string, int> _clock = new() { ["clock"] = 1 };
    private static readonly Dictionary<string, int> _threadsTreeAndClock = new() { ["threads"] = 1, ["tree"] = 3, ["clock"] = 1 };

    /// <summary>The job waits for absolute times and measures intervals, and says if only one is not right.</summary>
    [LabFact]
    public void Deadlines_OverThreeReboots_AreKept() => LabRun.Logged("clock", LabRun.Seed, output, directory =>
    {
        const int Reboots = 3;
        using var care = new Care(lab, LabRun.Seed, directory) { Processes = _clock };
        care.Begin();
        for (var reboot = 1; reboot <= Reboots; reboot++)
        {
            care.LetRun(_longestRun);
            care.ExpectOneOfEach();
            care.RebootByForce();
            var recovered = care.ComeBack();
            output.WriteLine($"reboot {reboot}: {string.Join(", ", recovered)}");
            care.AwaitNewGenerations();
        }

        care.Finish();
    });

    [LabTheory]
    [InlineData("6.1", "6.12")]
    [InlineData("6.12", "6.1")]
    public void Jobs_DumpedUnderOneKernel_ComeBackUnderTheOther(string first, string second) => LabRun.Logged("kernels", LabRun.Seed, output, directory =>
    {
        using var care = new Care(lab, LabRun.Seed, directory) { Processes = _threadsTreeAndClock, Kernel = first };
        care.Begin();
        foreach (var kernel in new[] { second, first })
        {
            care.LetRun(_longestRun);
            care.Cut(CutLoss.All);
            care.Kernel = kernel;
            var recovered = care.ComeBack();
            Assert.StartsWith(kernel + ".", care.Machine.Shell.Run("uname -r"), StringComparison.Ordinal);
            output.WriteLine($"{kernel}: {string.Join(", ", recovered)}");
            care.AwaitNewGenerations();
        }

        care.Finish();
    });
}
