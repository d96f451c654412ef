using Checkpointer.CrashLab.Disk;
using Checkpointer.CrashLab.Kit;
using Checkpointer.CrashLab.Rounds;
using Xunit;
using Xunit.Abstractions;

namespace Checkpointer.CrashLab;

/// <summary>The service brings its jobs back after power cuts and reboots: all of them, once, from a generation that is not older than the newest acknowledged, with files that agree.</summary>
[Collection(LaboratoryCollection.Name)]
[Trait("kind", "lab")]
public sealed class PowerCutTests(Laboratory lab, ITestOutputHelper output)
{
    /// <summary>Cuts of one disk before its jobs end and a new one begins.</summary>
    private const int CutsOfOneDisk = 6;

    /// <summary>Short of two collections of garbage, and enough for a dump of each job to be under way at any point.</summary>
    private static readonly TimeSpan _longestRun = TimeSpan.FromSeconds(12);

    /// <summary>How a boot ends.</summary>
    private enum End
    {
        /// <summary>All that is not flushed is lost.</summary>
        CutAll,

        /// <summary>A part of it.</summary>
        CutRandom,

        /// <summary>The service is killed some time before.</summary>
        CutWithoutService,

        /// <summary>After the cut, the index is gone.</summary>
        CutAndIndexLost,

        /// <summary>A reboot without a sync.</summary>
        Reboot,
    }

    [LabFact]
    public void Jobs_AfterPowerCuts_ComeBackAndEndRightly()
    {
        var left = LabRun.Rounds(shortForm: 3);
        for (var seed = LabRun.Seed; left > 0; seed++)
        {
            var cuts = Math.Min(left, CutsOfOneDisk);
            LabRun.Logged("cuts", seed, output, directory => RunDisk(seed, cuts, directory));
            left -= cuts;
        }
    }

    [LabFact]
    public void Jobs_OnADiskMountedWithoutBarriers_AreFoundLost()
    {
        if (!LabRun.IsLong)
        {
            return; // CrashPointTests have a negative control that needs no boot
        }

        const int Tries = 3;
        var seed = LabRun.Seed;
        var lost = 0;
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            LabRun.Logged("barriers", seed, output, directory =>
            {
                using var care = new Care(lab, seed + attempt, directory) { DataOptions = "barrier=0" };
                care.Begin();
                care.LetRun(_longestRun);
                care.Cut(CutLoss.All);
                lost += Record.Exception(() => care.ComeBack()) is null ? 0 : 1;
            });
        }

        Assert.Equal(Tries, lost);
    }

    private void RunDisk(int seed, int cuts, string directory)
    {
        var random = new Random(seed);
        using var care = new Care(lab, seed, directory);
        care.Begin();
        for (var cut = 1; cut <= cuts; cut++)
        {
            // The first ones of a short form are of different kinds.
            var end = cut == 1 ? End.CutRandom : Enum.GetValues<End>()[random.Next(Enum.GetValues<End>().Length)];
            if (random.Next(2) == 0)
            {
                // Else the cut comes before or in the first dumps after the last one, which are full.
                care.AwaitNewGenerations();
            }

            care.LetRun(_longestRun);
            care.ExpectOneOfEach();
            Finish(care, end);
            var recovered = care.ComeBack(end == End.CutAndIndexLost ? care.DeleteIndex : null);
            output.WriteLine(
                $"seed {seed}, {end}: {string.Join(", ", recovered.Select(job => $"{job.Key}/{job.Value} (acknowledged {care.Acknowledged[job.Key]})"))}, unflushed sectors {care.LastCut}");
        }

        care.AwaitNewGenerations();
        care.Finish();
    }

    private static void Finish(Care care, End end)
    {
        if (end == End.CutWithoutService)
        {
            care.KillService();
            care.LetRun(TimeSpan.FromSeconds(2));
        }

        if (end == End.Reboot)
        {
            care.RebootByForce();
        }
        else
        {
            care.Cut(end == End.CutRandom ? CutLoss.Random : CutLoss.All);
        }
    }
}
