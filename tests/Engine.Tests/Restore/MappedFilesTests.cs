using Checkpointer.Engine.Images;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Tests.Support;
using Google.Protobuf;
using Xunit;

namespace Checkpointer.Engine.Tests.Restore;

/// <summary>A file that was mapped shared and writable gets back every byte that it had at the dump.</summary>
[Trait("kind", "unit")]
public sealed class MappedFilesTests : IDisposable
{
    private const int PageBytes = 4096;

    private readonly Scratch _scratch = new();
    private readonly FakeGeneration _generation = new();

    private string Shared => _scratch["shared"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void PutBack_OverwritesWhatChangedAndZeroesWhatWasAHole()
    {
        File.WriteAllBytes(Shared, Filled(8 * PageBytes, 0xee));
        _generation.Pages["shared/1"] = [(2 * PageBytes, Filled(2 * PageBytes, 1)), (6 * PageBytes, Filled(PageBytes, 2))];
        var done = new List<long>();

        MappedFiles.PutBack(Inventory(8 * PageBytes), _generation, done.Add);

        byte[] expected = [
            .. new byte[2 * PageBytes], .. Filled(2 * PageBytes, 1), .. new byte[2 * PageBytes], .. Filled(PageBytes, 2), .. new byte[PageBytes]];
        Assert.Equal(expected, File.ReadAllBytes(Shared));
        Assert.Equal([2 * PageBytes, PageBytes], done);
    }

    [Fact]
    public void PutBack_OfALastPageBehindTheEnd_DoesNotGrowTheFile()
    {
        const int Bytes = PageBytes + 100;
        File.WriteAllBytes(Shared, Filled(Bytes, 0xee));
        _generation.Pages["shared/1"] = [(0, Filled(2 * PageBytes, 1))];

        MappedFiles.PutBack(Inventory(Bytes), _generation, _ => { });

        Assert.Equal(Filled(Bytes, 1), File.ReadAllBytes(Shared));
    }

    [Fact]
    public void PutBack_OfAFileThatShrank_GivesItItsSizeBack()
    {
        File.WriteAllBytes(Shared, []);
        _generation.Pages["shared/1"] = [(PageBytes, Filled(PageBytes, 1))];

        MappedFiles.PutBack(Inventory(3 * PageBytes), _generation, _ => { });

        byte[] expected = [.. new byte[PageBytes], .. Filled(PageBytes, 1), .. new byte[PageBytes]];
        Assert.Equal(expected, File.ReadAllBytes(Shared));
    }

    [Fact]
    public void PutBack_OfAFileThatGrew_LeavesTheRest()
    {
        File.WriteAllBytes(Shared, Filled(2 * PageBytes, 0xee));
        _generation.Pages["shared/1"] = [(0, Filled(PageBytes, 1))];

        MappedFiles.PutBack(Inventory(PageBytes), _generation, _ => { });

        byte[] expected = [.. Filled(PageBytes, 1), .. Filled(PageBytes, 0xee)];
        Assert.Equal(expected, File.ReadAllBytes(Shared));
    }

    [Fact]
    public void PutBack_OfNothingButHoles_ZeroesAll()
    {
        const int Bytes = (2 << 20) + 5; // more than is zeroed at a time
        File.WriteAllBytes(Shared, Filled(Bytes, 0xee));

        MappedFiles.PutBack(Inventory(Bytes), _generation, _ => { });

        Assert.Equal(new byte[Bytes], File.ReadAllBytes(Shared));
    }

    [Fact]
    public void PutBack_OfAnonymousMemory_TouchesNoFile()
    {
        var inventory = new Inventory { SharedMemory = { new SharedMemory { Id = 1, Bytes = PageBytes } } };
        _generation.Pages["shared/1"] = [(0, Filled(PageBytes, 1))];

        MappedFiles.PutBack(inventory, _generation, _ => Assert.Fail("was written"));

        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch.ToString()));
    }

    [Fact]
    public void Require_OfAMissingFile_NamesIt()
    {
        var failure = Assert.Throws<EngineException>(() => MappedFiles.Require(Inventory(PageBytes)));

        Assert.Equal((EngineFailure.WorldChanged, $"{Shared}, which the job has mapped for writing, is missing."), (failure.Reason, failure.Message));
    }

    private Inventory Inventory(ulong bytes) =>
        new() { SharedMemory = { new SharedMemory { Id = 1, Bytes = bytes, Path = ByteString.CopyFromUtf8(Shared), Kind = Images.SharedMemory.Types.Kind.File } } };

    private static byte[] Filled(int bytes, byte value)
    {
        var filled = new byte[bytes];
        Array.Fill(filled, value);
        return filled;
    }
}
