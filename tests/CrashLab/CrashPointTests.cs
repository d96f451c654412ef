using System.Diagnostics;
using Checkpointer.CrashLab.Disk;
using Checkpointer.CrashLab.Kit;
using Checkpointer.CrashLab.Rounds;
using Xunit;
using Xunit.Abstractions;

namespace Checkpointer.CrashLab;

/// <summary>
/// The store at many instants of one recorded run: the file system is mounted on this machine as a power cut would have left it, the store is opened, and all that was acknowledged by
/// then is there and good.
/// </summary>
[Collection(LaboratoryCollection.Name)]
[Trait("kind", "lab")]
public sealed class CrashPointTests(Laboratory lab, ITestOutputHelper output)
{
    private static readonly TimeSpan _recordedTime = TimeSpan.FromSeconds(25);

    [LabFact]
    public void Store_AtAnyInstantOfARun_HasWhatWasAcknowledged() => LabRun.Logged("points", LabRun.Seed, output, directory =>
    {
        const int PointsOfTheLongForm = 300;
        var run = RecordedRun.Make(lab, directory, _recordedTime);
        var random = new Random(LabRun.Seed);
        var count = LabRun.IsLong ? PointsOfTheLongForm : 60;
        var points = Enumerable.Range(run.FirstPoint, run.Steps.Count - run.FirstPoint + 1).OrderBy(_ => random.Next()).Take(count).Order().ToList();
        var begun = Stopwatch.GetTimestamp();
        using var disk = run.NewDisk();
        var done = 0;
        foreach (var point in points)
        {
            RecordedRun.Replay(disk, run.Steps.Skip(done).Take(point - done));
            done = point;
            var loss = Enum.GetValues<CutLoss>()[random.Next(3)];
            var problem = run.ProblemAt(disk, point, loss, random);
            Assert.True(problem is null, $"after {point} of {run.Steps.Count} steps, loss {loss}: {problem}");
        }

        output.WriteLine(
            $"{points.Count} points of {run.Steps.Count} steps, {run.Acknowledged.Count} acknowledged generations, {Stopwatch.GetElapsedTime(begun).TotalSeconds:F0} s");
        using var liar = run.NewDisk(ignoresFlushes: true);
        RecordedRun.Replay(liar, run.Steps);
        var found = run.ProblemAt(liar, run.Steps.Count, CutLoss.All, random);
        output.WriteLine($"negative control, a disk that ignores flushes: {found}");
        Assert.NotNull(found);
    });
}
