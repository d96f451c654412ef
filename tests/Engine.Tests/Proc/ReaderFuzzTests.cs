using Checkpointer.Engine.Proc;
using Xunit;

namespace Checkpointer.Engine.Tests.Proc;

/// <summary>Damaged files give records or <see cref="ProcFormatException"/>, nothing else, and no flood of memory.</summary>
[Trait("kind", "unit")]
public sealed class ReaderFuzzTests
{
    private const int IterationCount = 10_000;
    private const int Seed = 20251;

    /// <summary>A record per line and its strings; a line of one byte is a record already.</summary>
    private const int AllocatedPerByteMax = 256;

    /// <summary>An exception with its message and stack trace, which has the frames of the test runner in it.</summary>
    private const int AllocatedFixedMax = 64 * 1024;

    private static readonly Dictionary<string, Action<byte[]>> _readers = new()
    {
        ["stat"] = text => StatReader.Parse(text),
        ["status"] = text => StatusReader.Parse(text),
        ["smaps"] = text => SmapsReader.Parse(text),
        ["maps"] = text => SmapsReader.Parse(text),
        ["fdinfo"] = text => FdInfoReader.Parse(text),
        ["limits"] = text => LimitsReader.Parse(text),
        ["timers"] = text => TimersReader.Parse(text),
        ["cgroup"] = text => CgroupReader.Parse(text),
        ["mountinfo"] = text => MountInfoReader.Parse(text),
        ["children"] = text => ChildrenReader.Parse(text),
    };

    [Theory]
    [InlineData("stat", "stat-6.18.txt")]
    [InlineData("status", "status-6.18.txt")]
    [InlineData("smaps", "smaps-future.txt")]
    [InlineData("maps", "maps-6.18.txt")]
    [InlineData("fdinfo", "fdinfo-locks-6.18.txt")]
    [InlineData("limits", "limits-6.18.txt")]
    [InlineData("timers", "timers-6.18.txt")]
    [InlineData("cgroup", "cgroup-6.18.txt")]
    [InlineData("mountinfo", "mountinfo-6.18.txt")]
    [InlineData("children", "children-6.18.txt")]
    public void Reader_OfDamagedFile_ThrowsNothingElse(string reader, string sample)
    {
        var mutator = new Mutator(Samples.Read(sample), Seed);
        _readers[reader](Samples.Read(sample));

        int refused = 0;
        for (int iteration = 0; iteration < IterationCount; iteration++)
        {
            refused += ParseDamaged(reader, mutator.Next(), iteration) ? 0 : 1;
        }

        // Both happen, or the mutations are too weak or too wild to tell anything.
        Assert.InRange(refused, IterationCount / 100, IterationCount * 99 / 100);
    }

    private static bool ParseDamaged(string reader, byte[] text, int iteration)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool isAccepted = true;
        try
        {
            _readers[reader](text);
        }
        catch (ProcFormatException)
        {
            isAccepted = false;
        }
        catch (Exception failure)
        {
            Assert.Fail($"{reader}, seed {Seed}, iteration {iteration}, {Convert.ToHexString(text)}: {failure}");
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated <= AllocatedFixedMax + ((long)text.Length * AllocatedPerByteMax), $"{reader}, iteration {iteration}: {allocated} bytes");
        return isAccepted;
    }
}
