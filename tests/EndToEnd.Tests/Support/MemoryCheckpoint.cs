using Checkpointer.Engine;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>A generation in memory, page by page, for tests of the engine without a store.</summary>
/// <param name="previous">Generation that contents start from; null for none.</param>
internal sealed class MemoryCheckpoint(MemoryCheckpoint? previous = null) : ICheckpointSink, ICheckpointSource
{
    private const int PageBytes = 4096;
    private readonly Dictionary<string, byte[]> _images = [];
    private readonly Dictionary<string, SortedDictionary<ulong, byte[]>> _pages = [];

    public bool HasBase => previous is not null;

    public string Name => "memory/1";

    public IReadOnlyCollection<string> ImageNames => _images.Keys;

    /// <summary>Bytes handed over for this generation, without what came from the base.</summary>
    public long WrittenBytes { get; private set; }

    public void PutImage(string name, ReadOnlySpan<byte> image) => _images[name] = image.ToArray();

    public IPageSink OpenPages(string name)
    {
        var inherited = previous?._pages.GetValueOrDefault(name);
        var pages = inherited is null ? new SortedDictionary<ulong, byte[]>() : new SortedDictionary<ulong, byte[]>(inherited);
        _pages.Add(name, pages);
        return new Pages(this, pages);
    }

    public byte[] ReadImage(string name) => _images[name];

    public void ReadPages(string name, PageVisitor visitor)
    {
        foreach (var (address, bytes) in _pages.GetValueOrDefault(name) ?? [])
        {
            visitor(address, bytes);
        }
    }

    /// <summary>The pages of a content by address.</summary>
    public IReadOnlyDictionary<ulong, byte[]> PagesOf(string name) => _pages[name];

    private sealed class Pages(MemoryCheckpoint owner, SortedDictionary<ulong, byte[]> pages) : IPageSink
    {
        public void Write(ulong address, ReadOnlySpan<byte> bytes)
        {
            owner.WrittenBytes += bytes.Length;
            for (var offset = 0; offset < bytes.Length; offset += PageBytes)
            {
                pages[address + (ulong)offset] = bytes.Slice(offset, PageBytes).ToArray();
            }
        }

        public void Write(ulong address, long bytes, PageFill fill)
        {
            for (var page = new byte[PageBytes]; bytes > 0; address += PageBytes, bytes -= PageBytes)
            {
                fill(address, page);
                Write(address, page);
            }
        }

        public void Clear(ulong address, ulong length)
        {
            foreach (var page in pages.Keys.Where(page => page >= address && page - address < length).ToList())
            {
                pages.Remove(page);
            }
        }

        public void Dispose()
        {
        }
    }
}
