using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Tests.Chunking;

[Trait("kind", "unit")]
public sealed class PageRunsTests
{
    [Theory]
    [InlineData(0, "x", "1d")]
    [InlineData(0, ".", "1z")]
    [InlineData(0, "..xx..", "2z 2d 2z")]
    [InlineData(0, "xxxxxxxxxxxxxxxxx", "16d 1d")]
    [InlineData(15, "xx", "1d 1d")]
    [InlineData(5, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "11d 16d 3d")]
    [InlineData(3, "x.x.....................x", "1d 1z 1d 21z 1d")]
    [InlineData(1_000_000_015, "x", "1d")]
    public void Runs_EndAtZeroPagesAndWindows(ulong firstPage, string pattern, string expected)
    {
        var pages = new byte[pattern.Length * Geometry.PageBytes];
        for (var i = 0; i < pattern.Length; i++)
        {
            // A page whose only non-zero byte is its last is data, too.
            pages[((i + 1) * Geometry.PageBytes) - 1] = pattern[i] == 'x' ? (byte)1 : (byte)0;
        }

        var runs = new List<string>();
        for (var at = 0; at < pattern.Length;)
        {
            var zeros = PageRuns.Zeros(pages.AsSpan(at * Geometry.PageBytes));
            at += zeros;
            runs.AddRange(zeros > 0 ? [$"{zeros}z"] : []);
            if (at < pattern.Length)
            {
                var limit = PageRuns.InWindow(firstPage + (ulong)at, (ulong)(pattern.Length - at));
                var count = PageRuns.Next(pages.AsSpan(at * Geometry.PageBytes, limit * Geometry.PageBytes), out var isZero);
                Assert.False(isZero);
                runs.Add($"{count}d");
                at += count;
            }
        }

        Assert.Equal(expected, string.Join(' ', runs));
    }
}
