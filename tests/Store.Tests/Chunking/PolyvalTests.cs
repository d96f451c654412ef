using System.Buffers.Binary;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using Checkpointer.Store.Chunking;

namespace Checkpointer.Store.Tests.Chunking;

[Trait("kind", "unit")]
public class PolyvalTests
{
    // RFC 8452, appendix A.
    [Fact]
    public void Hash_IsThatOfTheRfc()
        => Assert.Equal(
            "f7a3b47b846119fae5b7866cf5e5b77e",
            Hash(Convert.FromHexString("25629347589242761d31f826ba4b757b"), Convert.FromHexString("4f4f95668c83dfb6401762bb2d01a262d1a24ddd2721d006bbe45f20d3c9f362")));

    // GHASH is the same polynomial with all bits of a block the other way round and a key that lacks a factor x (RFC 8452, appendix A); OpenSSL computes it for the tags of AES-GCM.
    [Theory]
    [InlineData(16)]
    [InlineData(112)]
    [InlineData(128)]
    [InlineData(144)]
    [InlineData(4096)]
    [InlineData(4112)]
    [InlineData(65536)]
    public void Hash_IsTheOneOfOpenSsl(int length)
    {
        var random = new Random(length);
        var key = new byte[16];
        var text = new byte[length];
        random.NextBytes(key);
        random.NextBytes(text);

        using var aes = System.Security.Cryptography.Aes.Create();
        aes.Key = key;
        var point = aes.EncryptEcb(new byte[16], PaddingMode.None);
        var mask = aes.EncryptEcb([.. new byte[12], 0, 0, 0, 1], PaddingMode.None);
        var tag = new byte[16];
        using var gcm = new AesGcm(key, tag.Length);
        gcm.Encrypt(new byte[12], Array.Empty<byte>(), Array.Empty<byte>(), tag, text);
        var expected = tag.Zip(mask, (one, other) => (byte)(one ^ other)).Reverse().ToArray();

        var lengths = new byte[16];
        BinaryPrimitives.WriteInt64BigEndian(lengths, length * 8L);
        byte[] blocks = [.. text.Concat(lengths).Chunk(16).SelectMany(block => block.Reverse())];
        Assert.Equal(Convert.ToHexStringLower(expected), Hash(WithoutX(point), blocks));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(129)]
    [InlineData(4095)]
    public void Hash_TakesWhatIsMissingForZeros(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        var key = SHA256.HashData(bytes)[..16];

        Assert.Equal(Hash(key, [.. bytes, .. new byte[16 - (length % 16)]]), Hash(key, bytes));
    }

    [Fact]
    public void Product_IsThatOfTheProcessor()
    {
        Assert.True(Pclmulqdq.IsSupported);
        var random = new Random(5);
        for (var i = 0; i < 1000; i++)
        {
            var (one, other) = (unchecked((ulong)random.NextInt64(long.MinValue, long.MaxValue)), unchecked((ulong)random.NextInt64(long.MinValue, long.MaxValue)));
            Assert.Equal(Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar(one), Vector128.CreateScalar(other), 0), Polyval.Product(one, other));
        }
    }

    private static string Hash(byte[] key, byte[] bytes)
    {
        using var polyval = new Polyval(key);
        var hash = new byte[Polyval.Bytes];
        polyval.Hash(bytes, hash);
        return Convert.ToHexStringLower(hash);
    }

    // The bytes the other way round, divided by x: what RFC 8452 calls mulX_GHASH, undone. Bit 127 of GHASH's block is the lowest of its last byte.
    private static byte[] WithoutX(byte[] point)
    {
        var value = BinaryPrimitives.ReadUInt128BigEndian(point);
        var isReduced = value >> 127 == 1;
        value = isReduced ? ((value ^ ((UInt128)0xe1 << 120)) << 1) | 1 : value << 1;
        var key = new byte[16];
        BinaryPrimitives.WriteUInt128LittleEndian(key, value);
        return key;
    }
}
