using Checkpointer.Store.Encryption;

namespace Checkpointer.Store.Interop;

/// <summary>A file as SQLite's usual layer has it open. It belongs to the structure that SQLite gave us.</summary>
internal sealed unsafe class UsualFile(SqliteFile* file) : IRawFile
{
    /// <inheritdoc/>
    public int Read(long offset, Span<byte> target)
    {
        fixed (byte* to = target)
        {
            return file->Methods->Read(file, to, target.Length, offset);
        }
    }

    /// <inheritdoc/>
    public int Write(long offset, ReadOnlySpan<byte> source)
    {
        fixed (byte* from = source)
        {
            return file->Methods->Write(file, from, source.Length, offset);
        }
    }

    /// <inheritdoc/>
    public int Truncate(long size) => file->Methods->Truncate(file, size);

    /// <inheritdoc/>
    public int Size(out long size)
    {
        fixed (long* to = &size)
        {
            return file->Methods->FileSize(file, to);
        }
    }
}
