using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tests.Support;
using Checkpointer.Engine.Tracing;
using Xunit;

namespace Checkpointer.Engine.Tests.Tracing;

/// <summary>Reads and writes of a process's memory, on our own.</summary>
[Trait("kind", "kernel")]
public sealed class RemoteMemoryTests : IDisposable
{
    private readonly PinnedBytes _bytes = new(64);
    private readonly RemoteMemory _memory = RemoteMemory.Open(new ProcessId(Environment.ProcessId));

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Read_OfWhatWasWritten_GivesItBack()
    {
        _memory.Write(_bytes.Address + 8, 0x0123456789abcdefUL);

        Assert.Equal(0x0123456789abcdefUL, BitConverter.ToUInt64(_bytes.Bytes, 8));
        Assert.Equal(0x0123456789abcdefUL, _memory.Read<ulong>(_bytes.Address + 8));
    }

    [Fact]
    public void Read_OfUnmappedMemory_NamesAddressAndProcess()
    {
        var failure = Assert.Throws<EngineException>(() => _memory.Read(new RemotePtr(16), new byte[8]));

        Assert.Contains($"process {Environment.ProcessId} at 0x10 ", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, _memory.TryRead(new RemotePtr(16), new byte[8]));
    }

    [Fact]
    public void TryRead_IntoAHole_StopsThere()
    {
        const int PageBytes = 4096;
        var address = Libc.mmap64(
            0, 2 * PageBytes, Memory.PROT_READ | Memory.PROT_WRITE, Memory.MAP_PRIVATE | Memory.MAP_ANONYMOUS, -1, 0);
        Assert.Equal(0, Libc.munmap(address + PageBytes, PageBytes));

        var read = _memory.TryRead(new RemotePtr((ulong)address + 1), new byte[2 * PageBytes]);

        Assert.Equal(0, Libc.munmap(address, PageBytes));
        Assert.Equal(PageBytes - 1, read);
    }

    [Fact]
    public void Write_ToUnmappedMemory_Throws()
    {
        Assert.Equal(Errno.EIO, Assert.Throws<LinuxException>(() => _memory.Write(new RemotePtr(16), new byte[8])).Errno);
    }

    [Fact]
    public void Open_OfNoProcess_Throws()
    {
        Assert.Equal(Errno.ENOENT, Assert.Throws<LinuxException>(() => RemoteMemory.Open(new ProcessId(int.MaxValue))).Errno);
    }
}
