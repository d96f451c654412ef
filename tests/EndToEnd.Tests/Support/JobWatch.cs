using System.Text.RegularExpressions;
using Xunit;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>Watches a job without children of its own whose dumps are killed: as what it was found, and whether it goes on.</summary>
internal sealed partial class JobWatch
{
    private readonly TestJob _job;
    private readonly ProcessPicture _before;

    /// <summary>Takes the picture to compare with, once no thread is still being made: until then pthread_create keeps all its signals blocked.</summary>
    public JobWatch(TestJob job)
    {
        _job = job;
        ProcessPicture? picture = null;
        Wait.Until(
            () => !(picture = Picture()).Threads.Any(thread => thread.Contains("SigBlk:\tffff", StringComparison.Ordinal)),
            Wait.Patience,
            () => $"a thread does not begin: {job}");
        _before = picture!;
    }

    /// <summary>Fails unless it runs, as found but for a gate that may be left, and each of its threads makes progress.</summary>
    public void AssertGoesOn(string when)
    {
        Wait.UntilHolds(() =>
        {
            if (_job.IsRunning)
            {
                WithoutMappings(_before).AssertSame(WithoutMappings(Picture()), when);
            }
        });
        Assert.True(_job.IsRunning, $"{when}: ended: {_job}");
        Assert.DoesNotContain("FAIL", _job.Output, StringComparison.Ordinal);
        Wait.Until(() => !Children().Any(child => ProcFacts.StatField(child, 3) != "Z"), Wait.Patience, () => $"{when}: a copy lives: {string.Join(' ', Children())}");
        AssertBeats(when);
    }

    /// <summary>Fails unless nothing at all is left in it.</summary>
    public void AssertAsFound(string when)
    {
        Wait.UntilHolds(() => _before.AssertSame(Picture(), when));
        Assert.Empty(Children());
    }

    private static ProcessPicture WithoutMappings(ProcessPicture picture) => picture with { Mappings = [] };

    /// <summary>Without pending signals, which come and go; a program that counts its signals misses those that are lost.</summary>
    private ProcessPicture Picture()
    {
        var picture = ProcessPicture.Of(_job.Pid);
        return picture with { Threads = [.. picture.Threads.Select(thread => Pending().Replace(thread, ""))] };
    }

    private List<int> Children() =>
    [
        .. from thread in ProcFacts.Threads(_job.Pid)
           from child in File.ReadAllText($"/proc/{_job.Pid}/task/{thread}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
           select int.Parse(child),
    ];

    /// <summary>Each thread of a program that counts its turns (steady.c) makes another one.</summary>
    private void AssertBeats(string when)
    {
        if (!File.Exists(_job.Scratch + ".beats"))
        {
            return;
        }

        var before = Beats();
        Wait.Until(
            () => Beats().Zip(before).All(beat => beat.First > beat.Second),
            Wait.Patience,
            () => $"{when}: a thread stands still: {string.Join(' ', before)}, then {string.Join(' ', Beats())}: {_job}");
    }

    private List<ulong> Beats()
    {
        const int Counters = 5;
        using var file = File.OpenRead(_job.Scratch + ".beats");
        var bytes = new byte[Counters * sizeof(ulong)];
        file.ReadExactly(bytes);
        return [.. Enumerable.Range(0, Counters).Select(index => BitConverter.ToUInt64(bytes, index * sizeof(ulong)))];
    }

    [GeneratedRegex("S[a-z]+Pnd:\t[0-9a-f]+ ")]
    private static partial Regex Pending();
}
