using Checkpointer.Engine.Tracking;
using Xunit;

namespace Checkpointer.Engine.Tests.Tracking;

/// <summary>Sets of pages agree with sets of numbers, whatever the ranges.</summary>
public sealed class PageSetTests
{
    private const int Pages = 64;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Operations_AgreeWithSetsOfNumbers(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 500; round++)
        {
            var (left, leftNumbers) = Any(random);
            var (right, rightNumbers) = Any(random);

            AssertSame(leftNumbers.Union(rightNumbers), left.Union(right));
            AssertSame(leftNumbers.Intersect(rightNumbers), left.Intersect(right));
            AssertSame(leftNumbers.Except(rightNumbers), left.Except(right));
            var first = random.Next(Pages);
            var within = Range(first, first + 1 + random.Next(20));
            AssertSame(leftNumbers.Where(number => Range(number, number + 1).Start >= within.Start && Range(number, number + 1).End <= within.End), PageSet.Of([.. left.Within(within)]));
            AssertSame(leftNumbers, PageSet.Of([.. left.Pieces(2 * 4096)]));
            Assert.All(left.Pieces(2 * 4096), piece => Assert.InRange(piece.Bytes, 4096u, 2u * 4096));
        }
    }

    [Fact]
    public void Of_JoinsWhatTouchesAndOverlaps()
    {
        var set = PageSet.Of([Range(4, 6), Range(0, 2), Range(2, 3), Range(5, 9), Range(20, 21)]);

        Assert.Equal([Range(0, 3), Range(4, 9), Range(20, 21)], set.Ranges);
        Assert.Equal(9 * 4096, set.Bytes);
    }

    private static (PageSet Set, HashSet<int> Numbers) Any(Random random)
    {
        var ranges = new List<PageRange>();
        var numbers = new HashSet<int>();
        for (var count = random.Next(8); count > 0; count--)
        {
            var first = random.Next(Pages);
            var end = Math.Min(Pages, first + 1 + random.Next(10));
            ranges.Add(Range(first, end));
            numbers.UnionWith(Enumerable.Range(first, end - first));
        }

        return (PageSet.Of(ranges), numbers);
    }

    private static void AssertSame(IEnumerable<int> expected, PageSet actual)
    {
        Assert.Equal(expected.Order(), actual.Ranges.SelectMany(range => Enumerable.Range((int)(range.Start / 4096), (int)(range.Bytes / 4096))));
        for (var index = 1; index < actual.Ranges.Count; index++)
        {
            Assert.True(actual.Ranges[index - 1].End < actual.Ranges[index].Start, "ranges touch");
        }
    }

    private static PageRange Range(int first, int end) => new((ulong)first * 4096, (ulong)end * 4096);
}
