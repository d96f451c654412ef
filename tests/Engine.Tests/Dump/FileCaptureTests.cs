using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Engine.Dump;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tests.Support;
using Google.Protobuf;
using Xunit;

namespace Checkpointer.Engine.Tests.Dump;

/// <summary>
/// A file that is written at any point of a dump is in the generation as it was at the freeze, or the dump says that it cannot tell. Here a freeze is the moment of
/// <see cref="FileCapture.Settle"/>.
/// </summary>
[Trait("kind", "unit")]
public sealed class FileCaptureTests : IDisposable
{
    private const int Block = BlockMap.BlockBytes;
    private const int BigBlocks = 200; // more than is copied whole

    private readonly Scratch _scratch = new();
    private readonly FileMemory _memory = new();
    private MemoryCheckpoint? _base;

    public FileCaptureTests()
    {
        File.WriteAllBytes(Data, Noise(BigBlocks * Block, 1));
        Settled();
    }

    private string Data => _scratch["data"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void File_ThatDoesNotChange_CostsNothing()
    {
        Assert.Equal(File.ReadAllBytes(Data), Carried(Dump()));

        var second = Dump();

        Assert.Equal(0, second.WrittenBytes);
        Assert.Equal(File.ReadAllBytes(Data), Carried(second));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void File_ThatGrows_CostsItsTail(bool isLate)
    {
        Dump();
        var generation = Dump(
            beforeAhead: () => Write(isLate ? -1 : BigBlocks * Block, Noise(1 << 20, 2)), beforeFreeze: () => Write(isLate ? BigBlocks * Block : -1, Noise(1 << 20, 2)));

        Assert.Equal(Frozen, Carried(generation));
        Assert.InRange(generation.WrittenBytes, 1 << 20, (1 << 20) + (2 * Block));
    }

    [Fact]
    public void File_ThatShrinks_LosesItsEnd()
    {
        Dump();
        var generation = Dump(beforeFreeze: () =>
        {
            using var file = File.Open(Data, FileMode.Open);
            file.SetLength((100 * Block) + 5000);
        });

        Assert.Equal(Frozen, Carried(generation));
        Assert.Equal((100 * Block) + 5000, Frozen.Length);
    }

    [Fact]
    public void File_WithABlockThatBecameZero_HasItZero()
    {
        Dump();
        var generation = Dump(beforeAhead: () => Write(50 * Block, new byte[2 * Block]));

        Assert.Equal(Frozen, Carried(generation));
        Assert.Equal(new byte[2 * Block], Frozen[(50 * Block)..(52 * Block)]);
    }

    [Fact]
    public void Write_AheadOfTheFreezeAndNoneAfter_IsTaken()
    {
        Dump();

        var generation = Dump(beforeFreeze: () =>
        {
            Write(77 * Block, Noise(10, 3));
            Settled();
        });

        Assert.Equal(Frozen, Carried(generation));
    }

    [Fact]
    public void Write_BeforeAndAfterTheFreezeInAPlaceThatNothingForetells_IsToldAndTakenByTheNextDump()
    {
        Dump();
        void Busy() => Write(77 * Block, Noise(10, Environment.TickCount));

        var failure = Assert.Throws<EngineException>(() => Dump(beforeFreeze: Busy, afterFreeze: () => Write(77 * Block, Noise(10, 4))));
        var generation = Dump(beforeFreeze: Busy, afterFreeze: () => Write(77 * Block, Noise(10, 5)));

        Assert.Equal(EngineFailure.FileBusy, failure.Reason);
        Assert.Equal(Frozen, Carried(generation));
    }

    [Fact]
    public void Write_AllOverAllTheTime_IsTakenWholeByTheSecondDump()
    {
        var seed = 100;
        void Everywhere() => Write(0, Noise(BigBlocks * Block, seed++));
        Assert.Equal(EngineFailure.FileBusy, Assert.Throws<EngineException>(() => Dump(beforeFreeze: () => Everywhere(), afterFreeze: () => Everywhere())).Reason);

        var generation = Dump(beforeFreeze: () => Everywhere(), afterFreeze: () => Everywhere());

        Assert.Equal(Frozen, Carried(generation));
    }

    [Fact]
    public void Write_ThatIsUndoneAfterTheFreeze_IsSeenInAFileThatIsKnownToBeRewritten()
    {
        var before = Noise(10, 20);
        Write(77 * Block, before);
        Dump();
        Dump(beforeAhead: () => Write(60 * Block, Noise(10, 21)));

        var generation = Dump(beforeAhead: () => Write(61 * Block, Noise(10, 22)), beforeFreeze: () => Write(77 * Block, Noise(10, 23)), afterFreeze: () => Write(77 * Block, before));

        Assert.Equal(Frozen, Carried(generation));
    }

    [Fact]
    public void Write_AfterTheFreeze_IsNotInTheGeneration()
    {
        var generation = Dump(afterFreeze: () => Write(77 * Block, Noise(10, 6)));

        Assert.Equal(Frozen, Carried(generation));
        Assert.NotEqual(Frozen, File.ReadAllBytes(Data));
        Assert.Equal(File.ReadAllBytes(Data), Carried(Dump()));
    }

    [Fact]
    public void Dump_ThatWasNotCommitted_IsNoBase()
    {
        Dump();
        _ = Dump(beforeAhead: () => Write(30 * Block, Noise(10, 11)), isCommitted: false);

        Assert.Equal(File.ReadAllBytes(Data), Carried(Dump()));
    }

    /// <summary>The file as it was at the last freeze.</summary>
    private byte[] Frozen { get; set; } = [];

    private MemoryCheckpoint Dump(Action? beforeAhead = null, Action? beforeFreeze = null, Action? afterFreeze = null, bool isCommitted = true)
    {
        beforeAhead?.Invoke();
        var generation = new MemoryCheckpoint(_base);
        var stat = FileStat.Of(Data);
        var files = new Files
        {
            OpenFiles = { new OpenFile { Path = ByteString.CopyFromUtf8(Data), Flags = FileFlag.O_RDWR, Device = stat.Device, Inode = stat.Inode } },
        };
        using var contents = new OpenContents(generation);
        using var capture = new FileCapture(new ProcessId(Environment.ProcessId), _memory, FilePolicy.Default, static _ => { });
        _memory.BeginDump(_base is not null);
        capture.TakeAhead(files, new SharedObjectTable(), contents, default);
        capture.CatchUp(contents, default);
        beforeFreeze?.Invoke();
        capture.Settle(files, new SharedObjectTable(), new HashSet<ulong>(), hasAsynchronousIo: false);
        Frozen = File.ReadAllBytes(Data);
        afterFreeze?.Invoke();
        capture.Deliver(contents, default);
        Content = Assert.Single(capture.Image.Files).Content;
        if (isCommitted)
        {
            _memory.Committed();
            _base = generation;
        }

        return generation;
    }

    private string Content { get; set; } = string.Empty;

    /// <summary>What the generation holds of the file.</summary>
    private byte[] Carried(MemoryCheckpoint generation)
    {
        var bytes = new byte[Frozen.Length];
        generation.ReadPages(Content, (offset, page) => page[..(int)Math.Min(page.Length, bytes.Length - (long)offset)].CopyTo(bytes.AsSpan((int)offset)));
        return bytes;
    }

    /// <summary>Waits until the times of the file are so old that a later write changes them.</summary>
    private void Settled() => Wait.Until(
        () => FileStamp.Of(FileStat.Of(Data)).IsSettled(ClockTime.Now(Clock.CLOCK_REALTIME)), Wait.Patience, () => "the clock stands still");

    private void Write(int offset, ReadOnlySpan<byte> bytes)
    {
        if (offset < 0)
        {
            return;
        }

        using var file = File.OpenHandle(Data, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        RandomAccess.Write(file, bytes, offset);
    }

    private static byte[] Noise(int bytes, int seed)
    {
        var noise = new byte[bytes];
        new Random(seed).NextBytes(noise);
        return noise;
    }
}
