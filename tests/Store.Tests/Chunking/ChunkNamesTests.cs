using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Tests.Chunking;

[Trait("kind", "unit")]
public class ChunkNamesTests
{
    private static readonly Guid _store = Guid.ParseExact("101112131415161718191a1b1c1d1e1f", "N");

    [Fact]
    public void Names_DifferFromBitToBit()
    {
        using var names = ChunkNames.OfStore(_store);
        var plain = new byte[4096];
        var seen = new HashSet<ChunkId> { names.Of(plain) };
        for (var bit = 0; bit < plain.Length * 8; bit++)
        {
            plain[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(seen.Add(names.Of(plain)), $"bit {bit}");
            plain[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.Equal(names.Of(plain), seen.First());
    }

    [Fact]
    public void Names_OfZeros_DifferByTheirLength()
    {
        using var names = ChunkNames.OfStore(_store);
        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(length => names.Of(new byte[length])).Distinct().Count());
    }

    [Fact]
    public void Names_OfAnotherStore_AreOthers()
    {
        using var names = ChunkNames.OfStore(_store);
        using var others = ChunkNames.OfStore(Guid.NewGuid());
        Assert.NotEqual(names.Of("abc"u8), others.Of("abc"u8));
    }
}
