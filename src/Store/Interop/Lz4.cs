using System.Runtime.InteropServices;

namespace Checkpointer.Store.Interop;

/// <summary>The reference LZ4 library, block functions (lz4.h). Debian's <c>liblz4-1</c>; systemd depends on it.</summary>
internal static unsafe partial class Lz4
{
    public const string Library = "liblz4.so.1";

    /// <summary>lz4.h: LZ4_compress_fast. 0 when the target is too small.</summary>
    [LibraryImport(Library)]
    public static partial int LZ4_compress_fast(byte* source, byte* target, int sourceSize, int targetCapacity, int acceleration);

    /// <summary>lz4.h: LZ4_decompress_safe. Negative when malformed or the target is too small; never writes past it.</summary>
    [LibraryImport(Library)]
    public static partial int LZ4_decompress_safe(byte* source, byte* target, int compressedSize, int targetCapacity);
}
