using System.Buffers.Binary;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tests.Support;
using Checkpointer.Engine.Tracing;
using Xunit;

namespace Checkpointer.Engine.Tests.Tracing;

/// <summary>Tables of system calls, as the gate's loop reads and fills them.</summary>
[Trait("kind", "unit")]
public sealed class SyscallBatchTests : IDisposable
{
    private readonly RemoteMemory _memory = RemoteMemory.Open(new ProcessId(Environment.ProcessId));

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Encode_PutsNumberAndArgumentsInWords()
    {
        var batch = new SyscallBatch();
        batch.Add("first", Sys.Close, [3]);
        batch.Add("second", Sys.Mmap, [1, 2, 3, 4, ulong.MaxValue, 6]);

        var words = Words(Assert.Single(batch.Tables()).Encode());

        Assert.Equal<ulong>([3, 3, 0, 0, 0, 0, 0, 0, 9, 1, 2, 3, 4, ulong.MaxValue, 6, 0], words);
    }

    [Theory]
    [InlineData(0, new int[0])]
    [InlineData(1, new[] { 1 })]
    [InlineData(1024, new[] { 1024 })]
    [InlineData(1025, new[] { 1024, 1 })]
    [InlineData(3000, new[] { 1024, 1024, 952 })]
    public void Tables_HoldUpTo1024CallsInOrder(int count, int[] expected)
    {
        var batch = Numbered(count);

        var tables = batch.Tables().ToList();

        Assert.Equal(expected, tables.Select(table => table.Count));
        Assert.Equal(Enumerable.Range(0, count), tables.SelectMany(table => Words(table.Encode()).Chunk(8)).Select(entry => (int)entry[1]));
        Assert.All(tables, table => Assert.InRange((ulong)table.Encode().Length, 0ul, SyscallBatch.ArgumentsOffset));
    }

    [Fact]
    public void Tables_LeaveRoomForArgumentsInTheGate()
    {
        Assert.InRange((int)SyscallBatch.ArgumentsOffset, 1, Gate.DataBytes / 2);
    }

    [Fact]
    public void Decode_OfTheSecondTable_GivesResultsToItsOwnCalls()
    {
        var batch = Numbered(1030);
        var tables = batch.Tables().ToList();

        tables[0].Decode(_memory, Answer(tables[0], index => index + 5).Address);
        tables[1].Decode(_memory, Answer(tables[1], index => index + 50_000).Address);

        Assert.Equal(1030, batch.Count);
        ulong Value(int index) => batch.ResultOf(index).OrThrow("call");
        Assert.Equal((5ul, 1028ul, 50_000ul, 50_005ul), (Value(0), Value(1023), Value(1024), Value(1029)));
    }

    [Fact]
    public void Decode_OfAFailedCall_NamesIt()
    {
        var table = Numbered(3).Tables().Single();
        var answer = Answer(table, index => index == 1 ? -13 : 0);

        var failure = Assert.Throws<LinuxException>(() => table.Decode(_memory, answer.Address));

        Assert.Equal(("call 1: EACCES", Errno.EACCES), (failure.Message, failure.Errno));
    }

    [Fact]
    public void Decode_OfAnotherResultThanExpected_NamesBoth()
    {
        var batch = new SyscallBatch();
        batch.Add("mmap of the stack", Sys.Mmap, [0x1000], expected: 0x1000);
        var table = batch.Tables().Single();
        var answer = Answer(table, _ => 0x2000);

        var failure = Assert.Throws<EngineException>(() => table.Decode(_memory, answer.Address));

        Assert.Equal("mmap of the stack gave 0x2000 and not 0x1000.", failure.Message);
    }

    [Fact]
    public void Decode_OfACallThatMayFail_LeavesItToTheCaller()
    {
        var batch = new SyscallBatch();
        batch.AddTry("membarrier", Sys.Membarrier, [16]);
        var table = batch.Tables().Single();

        table.Decode(_memory, Answer(table, _ => -22).Address);

        Assert.Equal(Errno.EINVAL, batch.ResultOf(0).Errno);
    }

    private static SyscallBatch Numbered(int count)
    {
        var batch = new SyscallBatch();
        for (var index = 0; index < count; index++)
        {
            batch.Add($"call {index}", Sys.Close, [(ulong)index]);
        }

        return batch;
    }

    /// <summary>The table as the loop leaves it.</summary>
    private static PinnedBytes Answer(SyscallBatch.Table table, Func<int, long> result)
    {
        var encoded = table.Encode();
        var answer = new PinnedBytes(encoded.Length);
        encoded.CopyTo(answer.Bytes, 0);
        for (var index = 0; index < table.Count; index++)
        {
            answer.Put((index * GateCode.BatchEntryBytes) + 56, result(index));
        }

        return answer;
    }

    private static IEnumerable<ulong> Words(byte[] bytes) => bytes.Chunk(sizeof(ulong)).Select(word => BinaryPrimitives.ReadUInt64LittleEndian(word));
}
