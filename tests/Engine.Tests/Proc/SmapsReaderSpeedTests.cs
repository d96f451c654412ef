using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;
using Checkpointer.Engine.Proc;
using Xunit;

namespace Checkpointer.Engine.Tests.Proc;

/// <summary>smaps is read inside the freeze: 20480 mappings, a third of what vm.max_map_count allows, must not be felt.</summary>
[Trait("kind", "unit")]
public sealed class SmapsReaderSpeedTests
{
    private const int VmaCount = 20480;
    private const int RunCount = 20;

    /// <summary>Object header, fields and slack of the list's growth; a string for each line would be ten times that.</summary>
    private const int BytesPerVmaMax = 192;

    /// <summary>A debug build, whose methods are neither optimised nor inlined, gets five times as long.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromMilliseconds(IsOptimised ? 50 : 250);

    private static bool IsOptimised
        => typeof(SmapsReader).Assembly.GetCustomAttribute<DebuggableAttribute>() is not { IsJITOptimizerDisabled: true };

    [Fact]
    public void Parse_OfManyMappings_IsFast()
    {
        byte[] text = ManyMappings();

        // The best of some runs: other work on the machine can only make a run slower. Enough runs for the JIT to optimise.
        TimeSpan best = TimeSpan.MaxValue;
        for (int run = 0; run < RunCount; run++)
        {
            long start = Stopwatch.GetTimestamp();
            Assert.Equal(VmaCount, SmapsReader.Parse(text).Count);
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            best = elapsed < best ? elapsed : best;
        }

        Assert.True(best < _limit, $"{VmaCount} mappings ({text.Length} bytes) took {best.TotalMilliseconds} ms");
    }

    [Fact]
    public void Parse_OfManyMappings_AllocatesOnlyThem()
    {
        byte[] text = ManyMappings();

        long before = GC.GetAllocatedBytesForCurrentThread();
        int count = SmapsReader.Parse(text).Count;
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.InRange(allocated, count, (long)count * BytesPerVmaMax);
    }

    private static byte[] ManyMappings()
    {
        string[] mappings = Encoding.Latin1.GetString(Samples.Read("smaps-6.18.txt")).Split("VmFlags:");
        string attributes = mappings[1][mappings[1].IndexOf("Size:", StringComparison.Ordinal)..];
        var text = new StringBuilder();
        for (int i = 0; i < VmaCount; i++)
        {
            string path = i % 2 == 0 ? "" : $"                  /usr/lib/lib{i % 100}.so";
            text.Append(CultureInfo.InvariantCulture, $"{0x7f0000000000 + (i * 0x2000L):x}-{0x7f0000001000 + (i * 0x2000L):x} rw-p 00000000 00:00 0 {path}\n");
            text.Append(attributes).Append("VmFlags: rd wr mr mw me ac sd \n");
        }

        return Encoding.Latin1.GetBytes(text.ToString());
    }
}
