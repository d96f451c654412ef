using Checkpointer.Engine;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>A generation in memory, for tests of the engine without a store.</summary>
internal sealed class MemoryCheckpoint : ICheckpointSink, ICheckpointSource
{
    private readonly Dictionary<string, byte[]> _images = [];
    private readonly Dictionary<string, SortedDictionary<ulong, byte[]>> _pages = [];

    public string Name => "memory/1";

    public IReadOnlyCollection<string> ImageNames => _images.Keys;

    public void PutImage(string name, ReadOnlySpan<byte> image) => _images[name] = image.ToArray();

    public IPageSink OpenPages(string name)
    {
        if (!_pages.TryGetValue(name, out var pages))
        {
            _pages[name] = pages = [];
        }

        return new Pages(pages);
    }

    public byte[] ReadImage(string name) => _images[name];

    public void ReadPages(string name, PageVisitor visitor)
    {
        foreach (var (address, bytes) in _pages.GetValueOrDefault(name) ?? [])
        {
            visitor(address, bytes);
        }
    }

    private sealed class Pages(SortedDictionary<ulong, byte[]> pages) : IPageSink
    {
        public void Write(ulong address, ReadOnlySpan<byte> bytes) => pages[address] = bytes.ToArray();

        public void Clear(ulong address, ulong length) => throw new NotSupportedException("a full generation clears nothing");

        public void Dispose()
        {
        }
    }
}
