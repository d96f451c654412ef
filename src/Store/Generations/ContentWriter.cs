using Checkpointer.Store.Chunking;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>Fills a buffer of the store with the bytes that belong at an offset of a content.</summary>
public delegate void PageFiller(ulong offset, Span<byte> target);

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
        WriteCopies(offset / Geometry.PageBytes, pages);
    }

    /// <summary>Stores bytes that the caller puts straight into the store's buffers, which saves a copy of all memory.</summary>
    /// <param name="offset">Where they belong; a multiple of 4096.</param>
    /// <param name="bytes">How many; a multiple of 4096.</param>
    /// <param name="fill">Called for at most 64 KiB at a time, in ascending order, on this thread. If it throws, what it filled before is
    /// written, and the generation goes on.</param>
    /// <exception cref="ArgumentException">Not whole pages, or beyond 2^64.</exception>
    /// <exception cref="StoreException">This or an earlier write failed; the whole generation is broken.</exception>
    public void Write(ulong offset, long bytes, PageFiller fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ObjectDisposedException.ThrowIf(_isClosed, this);
        RequirePages(offset, (ulong)bytes);
        var page = offset / Geometry.PageBytes;
        for (var end = page + ((ulong)bytes / Geometry.PageBytes); page < end;)
        {
            var count = PageRuns.InWindow(page, end - page);
            FillWindow(page, count, fill);
            page += (ulong)count;
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
        ClearPages(offset / Geometry.PageBytes, length / Geometry.PageBytes);
    }

    /// <summary>Ends writing; the content becomes part of the generation when that is committed.</summary>
    public void Dispose() => _isClosed = true;

    private void FillWindow(ulong page, int count, PageFiller fill)
    {
        var window = _pipeline.Take();
        try
        {
            fill(page * Geometry.PageBytes, window.Bytes[..(count * Geometry.PageBytes)]);
        }
        catch
        {
            _pipeline.Submit(window);
            throw;
        }

        Cut(page, count, window);
    }

    private void WriteCopies(ulong page, ReadOnlySpan<byte> pages)
    {
        while (!pages.IsEmpty)
        {
            var zeros = PageRuns.Zeros(pages);
            if (zeros > 0)
            {
                ClearPages(page, (ulong)zeros);
                page += (ulong)zeros;
                pages = pages[(zeros * Geometry.PageBytes)..];
                continue;
            }

            var count = PageRuns.InWindow(page, (ulong)pages.Length / Geometry.PageBytes);
            var window = _pipeline.Take();
            pages[..(count * Geometry.PageBytes)].CopyTo(window.Bytes);
            Cut(page, count, window);
            page += (ulong)count;
            pages = pages[(count * Geometry.PageBytes)..];
        }
    }

    // Makes chunks of the first pages of a window's buffer and hands it to the workers.
    private void Cut(ulong page, int count, WindowBuffer window)
    {
        for (var at = 0; at < count;)
        {
            var run = PageRuns.Next(window.Bytes[(at * Geometry.PageBytes)..(count * Geometry.PageBytes)], out var isZero);
            if (isZero)
            {
                ClearPages(page + (ulong)at, (ulong)run);
            }
            else
            {
                Map.Write(page + (ulong)at, run, window.Add(ChunkKind.Data, at * Geometry.PageBytes, run * Geometry.PageBytes));
            }

            at += run;
        }

        var chunks = window.Chunks.Count;
        _pipeline.Submit(window);
        _owner.CountChanges(chunks);
    }

    // May read the base's tables: a failure leaves the map half changed.
    private void ClearPages(ulong page, ulong count)
    {
        try
        {
            Map.Clear(page, count);
        }
        catch (Exception exception)
        {
            _owner.Fail(exception);
            throw;
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
