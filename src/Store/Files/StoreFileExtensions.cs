namespace Checkpointer.Store.Files;

/// <summary>Loops over short reads and writes.</summary>
internal static class StoreFileExtensions
{
    /// <summary>Writes all bytes.</summary>
    /// <exception cref="StoreException">The system took nothing any more.</exception>
    public static void WriteFully(this IStoreFile file, long offset, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var taken = file.Write(offset, bytes);
            if (taken <= 0 || taken > bytes.Length)
            {
                throw new StoreException(StoreFailure.Failed, $"write to {file.Path} at {offset} took {taken} of {bytes.Length} bytes");
            }

            bytes = bytes[taken..];
            offset += taken;
        }
    }

    /// <summary>Reads until the span is full or the file ends; returns how many bytes came.</summary>
    public static int ReadFully(this IStoreFile file, long offset, Span<byte> bytes)
    {
        var total = 0;
        while (total < bytes.Length)
        {
            var got = file.Read(offset + total, bytes[total..]);
            if (got == 0)
            {
                break;
            }

            total += got;
        }

        return total;
    }
}
