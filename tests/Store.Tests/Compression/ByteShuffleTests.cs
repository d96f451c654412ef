using System.Runtime.InteropServices;
using Checkpointer.Store.Compression;
using Checkpointer.Store.Tests.Support;

namespace Checkpointer.Store.Tests.Compression;

[Trait("kind", "unit")]
public sealed class ByteShuffleTests
{
    [Fact]
    public void Shuffle_PutsEqualPlacesTogether_AndTheRestAtTheEnd()
    {
        var target = new byte[10];

        ByteShuffle.Shuffle(4, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], target);

        Assert.Equal([0, 4, 1, 5, 2, 6, 3, 7, 8, 9], target);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    public void Shuffle_OfEveryLength_IsTheDefinition_AndIsUndone(int size)
    {
        var source = StoreTest.Noise(700, size);
        for (var length = 0; length <= source.Length; length++)
        {
            var plain = source.AsSpan(0, length);
            var shuffled = new byte[length];
            var back = new byte[length];

            ByteShuffle.Shuffle(size, plain, shuffled);
            ByteShuffle.Unshuffle(size, shuffled, back);

            Assert.Equal(Defined(size, plain), shuffled);
            Assert.True(plain.SequenceEqual(back), $"{length} bytes by {size}");
        }
    }

    [Fact]
    public void Shuffle_OfOtherSizes_IsABug()
    {
        Assert.Throws<InvariantViolationException>(() => ByteShuffle.Shuffle(2, new byte[8], new byte[8]));
        Assert.Throws<InvariantViolationException>(() => ByteShuffle.Unshuffle(8, new byte[8], new byte[9]));
    }

    [Fact]
    public void Numbers_ThatLieNearOneAnother_GiveRuns()
    {
        var shuffled = new byte[65536];

        ByteShuffle.Shuffle(8, MemoryMarshal.AsBytes<long>(Enumerable.Range(1_000_000, 8192).Select(number => (long)number).ToArray()), shuffled);

        Assert.All(shuffled[(3 * 8192)..], value => Assert.Equal(0, value));
    }

    private static byte[] Defined(int size, ReadOnlySpan<byte> plain)
    {
        var elements = plain.Length / size;
        var shuffled = plain.ToArray();
        for (var i = 0; i < elements * size; i++)
        {
            shuffled[(i % size * elements) + (i / size)] = plain[i];
        }

        return shuffled;
    }
}
