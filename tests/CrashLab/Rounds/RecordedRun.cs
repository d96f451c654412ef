using Checkpointer.CrashLab.Disk;
using Checkpointer.CrashLab.Kit;
using Checkpointer.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointer.CrashLab.Rounds;

/// <summary>All writes and flushes of one run of the service, and what it had acknowledged after how many of them.</summary>
internal sealed class RecordedRun
{
    private static readonly GenerationSummary _summary = new("full", "compare", "copy", 100, 1, 1, 4096, 4096);
    private readonly string _directory;
    private readonly string _start;

    private RecordedRun(string directory, string start, DiskRecording recording, int firstPoint, IReadOnlyDictionary<string, int> acknowledged)
    {
        (_directory, _start, Steps, FirstPoint, Acknowledged) = (directory, start, recording.Steps, firstPoint, acknowledged);
    }

    /// <summary>Writes and flushes in their order.</summary>
    public IReadOnlyList<DiskStep> Steps { get; }

    /// <summary>Steps after which the store is there.</summary>
    public int FirstPoint { get; }

    /// <summary>Generations, and the number of steps after which each was known to be acknowledged.</summary>
    public IReadOnlyDictionary<string, int> Acknowledged { get; }

    /// <summary>Runs the service and its jobs for a time, and takes the power away.</summary>
    public static RecordedRun Make(Laboratory lab, string directory, TimeSpan time)
    {
        var recording = new DiskRecording();
        var acknowledged = new Dictionary<string, int>();
        var firstPoint = 0;
        var start = Path.Combine(directory, "start.ext4");
        using var care = new Care(lab, seed: 1, directory, recording) { Policy = Care.KeepingAll };
        _ = Tool.Run(directory, "cp", "--sparse=always", care.DiskPath, start);
        care.Begin(() => firstPoint = recording.Count);
        care.Watch(time, generation => acknowledged.TryAdd(generation, recording.Count));
        care.Cut(CutLoss.All);
        return new RecordedRun(directory, start, recording, firstPoint, acknowledged);
    }

    /// <summary>Does steps to a disk.</summary>
    public static void Replay(PowerDisk disk, IEnumerable<DiskStep> steps)
    {
        foreach (var step in steps)
        {
            if (step.Bytes is null)
            {
                disk.Flush();
            }
            else
            {
                disk.Write(step.Offset, step.Bytes, step.IsDurable);
            }
        }
    }

    /// <summary>A disk as it was before the run.</summary>
    public PowerDisk NewDisk(bool ignoresFlushes = false)
    {
        var path = Path.Combine(_directory, "replay.ext4");
        _ = Tool.Run(_directory, "cp", "--sparse=always", _start, path);
        return new PowerDisk(path) { IgnoresFlushes = ignoresFlushes };
    }

    /// <summary>Mounts what a cut would leave of the disk now, and looks at the store on it.</summary>
    /// <returns>What is wrong; null for nothing.</returns>
    public string? ProblemAt(PowerDisk disk, int point, CutLoss loss, Random random)
    {
        var image = Path.Combine(_directory, "point.ext4");
        disk.CopyAsCut(image, loss, random);
        var mount = Directory.CreateDirectory(Path.Combine(_directory, "mnt")).FullName;
        try
        {
            _ = Tool.Run(_directory, "mount", "-o", "loop", image, mount);
        }
        catch (LabException failure)
        {
            return failure.Message;
        }

        try
        {
            return ProblemOf(Path.Combine(mount, "store"), Acknowledged.Where(generation => generation.Value <= point).Select(generation => generation.Key));
        }
        catch (StoreException failure)
        {
            return failure.Message;
        }
        finally
        {
            _ = Tool.Run(_directory, "umount", mount);
        }
    }

    private static string? ProblemOf(string path, IEnumerable<string> acknowledged)
    {
        using var store = CheckpointStore.Open(path, new StoreOptions(), NullLoggerFactory.Instance);
        var there = store.Jobs().SelectMany(job => store.Generations(job.Name)).Select(generation => generation.Name.ToString()).ToHashSet();
        var lost = acknowledged.Where(generation => !there.Contains(generation)).ToList();
        if (lost.Count > 0)
        {
            return $"lost: {string.Join(", ", lost)}";
        }

        var damages = store.Verify(null, null, CancellationToken.None).Damages.ToList();
        foreach (var job in store.Jobs())
        {
            using var writer = store.Begin(job.Name, store.Generations(job.Name) is [.., var last] ? last.Name : null);
            writer.PutImage("image", [1, 2, 3]);
            var next = writer.Commit(_summary);
            damages.AddRange(store.Verify(next.Name, null, CancellationToken.None).Damages);
        }

        return damages.Count > 0 ? $"damaged: {string.Join("; ", damages)}" : null;
    }
}
