using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>Writes one content of a generation. What is neither written nor cleared is as in the base generation's content of the same
/// name, and zero without one. Later calls win over earlier ones. Same thread as its <see cref="GenerationWriter"/>.</summary>
public sealed class ContentWriter : IDisposable
{
    private readonly GenerationWriter _owner;
    private readonly ChunkPipeline _pipeline;
    private bool _isClosed;

    internal ContentWriter(GenerationWriter owner, ChunkPipeline pipeline, string name, ContentMap map)
    {
        _owner = owner;
        _pipeline = pipeline;
        Name = name;
        Map = map;
    }

    internal string Name { get; }

    internal ContentMap Map { get; }

    /// <summary>Stores bytes at an offset; both are multiples of 4096. The bytes are copied before the call returns; hashing and
    /// compression run on worker threads, and the call waits while their queue is full.</summary>
    /// <exception cref="ArgumentException">Not whole pages, or beyond 2^64.</exception>
    /// <exception cref="StoreException">This or an earlier write failed; the whole generation is broken.</exception>
    public void Write(ulong offset, ReadOnlySpan<byte> pages)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        RequirePages(offset, (ulong)pages.Length);
        _pipeline.ThrowIfFailed();
        try
        {
            WriteRuns(offset / Geometry.PageBytes, pages);
        }
        catch (Exception exception)
        {
            _owner.Fail(exception);
            throw;
        }
    }

    /// <summary>Says that a page-aligned range is zero.</summary>
    /// <exception cref="ArgumentException">Not whole pages, or beyond 2^64.</exception>
    /// <exception cref="StoreException">This or an earlier write failed; the whole generation is broken.</exception>
    public void Clear(ulong offset, ulong length)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        RequirePages(offset, length);
        _pipeline.ThrowIfFailed();
        try
        {
            Map.Clear(offset / Geometry.PageBytes, length / Geometry.PageBytes);
        }
        catch (Exception exception)
        {
            _owner.Fail(exception);
            throw;
        }
    }

    /// <summary>Ends writing; the content becomes part of the generation when that is committed.</summary>
    public void Dispose() => _isClosed = true;

    private void WriteRuns(ulong page, ReadOnlySpan<byte> pages)
    {
        while (!pages.IsEmpty)
        {
            var count = PageRuns.Next(page, pages, out var isZero);
            if (isZero)
            {
                Map.Clear(page, (ulong)count);
            }
            else
            {
                Map.Write(page, count, _pipeline.Submit(ChunkKind.Data, pages[..(count * Geometry.PageBytes)]));
            }

            page += (ulong)count;
            pages = pages[(count * Geometry.PageBytes)..];
        }
    }

    private static void RequirePages(ulong offset, ulong length)
    {
        if (offset % Geometry.PageBytes != 0 || length % Geometry.PageBytes != 0)
        {
            throw new ArgumentException($"offset {offset:x} and length {length:x} are not multiples of {Geometry.PageBytes}");
        }

        if (length / Geometry.PageBytes > Geometry.SpacePages - (offset / Geometry.PageBytes))
        {
            throw new ArgumentException($"offset {offset:x} and length {length:x} reach beyond 2^64");
        }
    }
}
