using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Tests.Packs;

public class Crc32CTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(3071)]
    [InlineData(3072)]
    [InlineData(3073)]
    [InlineData(6150)]
    [InlineData(65536)]
    [InlineData(65539)]
    public void Of_IsTheRemainderOfAllBytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);

        Assert.Equal(ByBits(bytes), Crc32C.Of(bytes));
    }

    // One bit after the other: the polynomial 0x1EDC6F41, bits reversed.
    private static uint ByBits(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
            }
        }

        return ~crc;
    }
}
