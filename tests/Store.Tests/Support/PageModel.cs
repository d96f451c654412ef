using System.Buffers.Binary;
using Checkpointer.Store.Generations;

namespace Checkpointer.Store.Tests.Support;

/// <summary>A memory of which every page has a version; its bytes are noise made of page and version. Version 0 is a page that compresses,
/// so that the first generation is cheap; a cleared page has none.</summary>
internal sealed class PageModel
{
    private const int Page = StoreTest.Page;
    private const int Cleared = -1;
    private readonly Random _random;
    private readonly int[] _versions;
    private int _version;

    public PageModel(int pages, int seed)
        : this(new int[pages], 0, new Random(seed))
    {
    }

    private PageModel(int[] versions, int version, Random random) => (_versions, _version, _random) = (versions, version, random);

    public int Pages => _versions.Length;

    public PageModel Copy() => new((int[])_versions.Clone(), _version, new Random(0));

    /// <summary>Gives so many pages, chosen at random, a new version; returns them, ascending.</summary>
    public SortedSet<int> Touch(int count) => Choose(count, ++_version);

    /// <summary>Clears so many pages, chosen at random; returns them, ascending.</summary>
    public SortedSet<int> Clear(int count) => Choose(count, Cleared);

    public void WriteAll(ContentWriter content)
        => content.Write(0, (long)Pages * Page, (offset, target) =>
        {
            for (var at = 0; at < target.Length; at += Page)
            {
                Fill((int)((offset + (ulong)at) / Page), target.Slice(at, Page));
            }
        });

    public void Write(ContentWriter content, IEnumerable<int> pages)
    {
        var bytes = new byte[Page];
        foreach (var page in pages)
        {
            Fill(page, bytes);
            content.Write((ulong)page * Page, bytes);
        }
    }

    /// <summary>Reads a generation and compares all of it.</summary>
    public void AssertReadsBack(CheckpointStore store, GenerationName name)
    {
        var expected = new byte[Page];
        var next = 0;
        using var reader = store.OpenGeneration(name);
        reader.ReadContent("memory", (offset, bytes) =>
        {
            for (var at = 0; at < bytes.Length; at += Page, next++)
            {
                next = SkipCleared(next);
                Assert.Equal((ulong)next * Page, offset + (ulong)at);
                Fill(next, expected);
                Assert.True(bytes.Slice(at, Page).SequenceEqual(expected), $"{name}: page {next} is not of version {_versions[next]}");
            }
        });
        Assert.Equal(Pages, SkipCleared(next));
    }

    private int SkipCleared(int page)
    {
        while (page < Pages && _versions[page] == Cleared)
        {
            page++;
        }

        return page;
    }

    private SortedSet<int> Choose(int count, int version)
    {
        var chosen = new SortedSet<int>();
        while (chosen.Count < count)
        {
            chosen.Add(_random.Next(Pages));
        }

        foreach (var page in chosen)
        {
            _versions[page] = version;
        }

        return chosen;
    }

    private void Fill(int page, Span<byte> bytes)
    {
        bytes.Clear();
        if (_versions[page] == Cleared)
        {
            return;
        }

        var state = (((ulong)page + 1) << 32) | (uint)_versions[page];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, state);
        for (var at = 8; _versions[page] > 0 && at < Page; at += 8)
        {
            state ^= state << 13; // xorshift64 (Marsaglia)
            state ^= state >> 7;
            state ^= state << 17;
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[at..], state);
        }
    }
}
