using System.Runtime.InteropServices;
using Checkpointer.Store.Compression;

namespace Checkpointer.Store.Interop;

/// <summary>LZ4 block format through liblz4. It lives in Interop because it passes pointers.</summary>
internal sealed unsafe class Lz4Codec : IBlockCodec
{
    private Lz4Codec()
    {
    }

    /// <summary>Loads the library.</summary>
    /// <exception cref="StoreException">Failed: the library is not installed.</exception>
    public static Lz4Codec Load(string library = Lz4.Library)
    {
        if (!NativeLibrary.TryLoad(library, out _))
        {
            throw new StoreException(
                StoreFailure.Failed, $"the LZ4 library {library} cannot be loaded", "apt-get install liblz4-1");
        }

        return new Lz4Codec();
    }

    /// <inheritdoc/>
    public int Compress(ReadOnlySpan<byte> source, Span<byte> target, int acceleration = 1)
    {
        fixed (byte* from = source, to = target)
        {
            return Lz4.LZ4_compress_fast(from, to, source.Length, target.Length, acceleration);
        }
    }

    /// <inheritdoc/>
    public bool Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        fixed (byte* from = source, to = target)
        {
            return Lz4.LZ4_decompress_safe(from, to, source.Length, target.Length) == target.Length;
        }
    }
}
