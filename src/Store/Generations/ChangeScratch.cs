using System.Buffers.Binary;
using Checkpointer.Store.Chunking;
using Checkpointer.Store.Files;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>Changes of segments that wait in the scratch file: where, and how many.</summary>
internal readonly record struct ScratchRun(long Offset, int Count);

/// <summary>
/// A file under <c>tmp/</c> for the changes of a generation that are too many for memory: a job of a terabyte, or one whose pages all change one by one.
/// It is never synced, and gone with its writer. One thread.
/// </summary>
internal sealed class ChangeScratch(StoreContext store) : IDisposable
{
    /// <summary>Changes kept in memory, of all contents together: 12 MiB, enough for 8 GiB written window by window.</summary>
    public const int ChangesMax = 1 << 17;

    // First page, pages, what it is, chunk id.
    private const int ChangeBytes = 8 + ChunkId.Bytes;
    private const byte IsClear = 1;
    private const byte IsNew = 2;

    private IStoreFile? _file;
    private long _length;

    /// <summary>Puts changes aside, in order. Precondition: the names of their chunks are known.</summary>
    public ScratchRun Write(IReadOnlyList<SegmentChange> changes)
    {
        var bytes = new byte[changes.Count * ChangeBytes];
        for (var i = 0; i < changes.Count; i++)
        {
            Encode(changes[i], bytes.AsSpan(i * ChangeBytes, ChangeBytes));
        }

        _file ??= store.Files.Create(Path.Combine(store.Paths.Temporary, $"changes-{Guid.NewGuid():N}"));
        _file.WriteFully(_length, bytes);
        var run = new ScratchRun(_length, changes.Count);
        _length += bytes.Length;
        return run;
    }

    /// <summary>Takes changes back.</summary>
    /// <exception cref="StoreException">Failed: the file is shorter than what was written.</exception>
    public IEnumerable<SegmentChange> Read(ScratchRun run)
    {
        Invariant.Require(_file is not null, $"{run.Count} changes are in a scratch file that does not exist");
        var (file, bytes) = (_file!, new byte[run.Count * ChangeBytes]);
        if (file.ReadFully(run.Offset, bytes) != bytes.Length)
        {
            throw new StoreException(StoreFailure.Failed, $"{file.Path} is shorter than what was written to it");
        }

        for (var i = 0; i < run.Count; i++)
        {
            yield return Decode(bytes.AsSpan(i * ChangeBytes, ChangeBytes));
        }
    }

    /// <inheritdoc/>
    /// <exception cref="StoreException">It could not be removed; the next writer sweeps it.</exception>
    public void Dispose()
    {
        if (_file is { } file)
        {
            _file = null;
            file.Dispose();
            store.Files.Delete(file.Path);
        }
    }

    private static void Encode(SegmentChange change, Span<byte> target)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(target, change.FirstPage);
        BinaryPrimitives.WriteUInt16LittleEndian(target[2..], change.PageCount);
        target[4] = change.Chunk is not { } chunk ? IsClear : chunk.IsNew ? IsNew : (byte)0;
        change.Chunk?.Id.CopyTo(target[8..]);
    }

    private static SegmentChange Decode(ReadOnlySpan<byte> source)
    {
        PendingChunk? chunk = null;
        if (source[4] != IsClear)
        {
            chunk = new PendingChunk(ChunkKind.Data, 0, 0);
            chunk.Complete(new ChunkId(source[8..]), source[4] == IsNew);
        }

        return new SegmentChange(BinaryPrimitives.ReadUInt16LittleEndian(source), BinaryPrimitives.ReadUInt16LittleEndian(source[2..]), chunk);
    }
}
