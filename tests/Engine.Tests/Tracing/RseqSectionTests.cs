using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tests.Support;
using Checkpointer.Engine.Tracing;
using Xunit;

namespace Checkpointer.Engine.Tests.Tracing;

/// <summary>A thread inside a restartable sequence continues at its abort handler, any other where it was.</summary>
[Trait("kind", "kernel")]
public sealed class RseqSectionTests : IDisposable
{
    private const ulong Start = 0x401000;
    private const ulong SectionBytes = 0x20;
    private const ulong AbortHandler = 0x402000;
    private const ulong Unmapped = 0x10;
    private const int DescriptorOffset = 64;

    private readonly PinnedBytes _area = new(128);
    private readonly RemoteMemory _memory = RemoteMemory.Open(new ProcessId(Environment.ProcessId));

    public RseqSectionTests()
    {
        _area.Put(DescriptorOffset, new rseq_cs { start_ip = Start, post_commit_offset = SectionBytes, abort_ip = AbortHandler });
        SetSection((_area.Address + DescriptorOffset).Address);
    }

    public void Dispose() => _memory.Dispose();

    [Theory]
    [InlineData(Start)]
    [InlineData(Start + 0x10)]
    [InlineData(Start + SectionBytes - 1)]
    public void Abort_InsideTheSection_ContinuesAtTheHandler(ulong at)
    {
        Assert.Equal(AbortHandler, Abort(at));
    }

    [Theory]
    [InlineData(Start - 1)] // the offset wraps around
    [InlineData(Start + SectionBytes)] // committed
    [InlineData(0ul)]
    [InlineData(AbortHandler)]
    public void Abort_OutsideTheSection_ChangesNothing(ulong at)
    {
        Assert.Equal(at, Abort(at));
    }

    [Theory]
    [InlineData(0ul)] // in no section
    [InlineData(Unmapped)] // a pointer that was never valid: the kernel would kill the thread for it, we leave that to the kernel
    public void Abort_WithoutASectionToRead_ChangesNothing(ulong section)
    {
        SetSection(section);

        Assert.Equal(Start, Abort(Start));
    }

    [Theory]
    [InlineData(0ul)] // not registered
    [InlineData(Unmapped)]
    public void Abort_WithoutAnAreaToRead_ChangesNothing(ulong area)
    {
        Assert.Equal(Start, Abort(Start, area));
    }

    [Fact]
    public void Abort_KeepsTheOtherRegisters()
    {
        var registers = Arch.X64.Registers.AllDifferent().ContinuingAt(Start);

        var aborted = RseqSection.Abort(registers, Configuration(_area.Address.Address), _memory);

        Assert.Equal(registers.ContinuingAt(AbortHandler), aborted);
    }

    // struct rseq: cpu_id_start and cpu_id come first.
    private void SetSection(ulong address) => _area.Put(8, address);

    private ulong Abort(ulong at, ulong? area = null) =>
        RseqSection.Abort(new RegisterSet().ContinuingAt(at), Configuration(area ?? _area.Address.Address), _memory).InstructionPointer.Address;

    private static ptrace_rseq_configuration Configuration(ulong area) => new() { rseq_abi_pointer = area, rseq_abi_size = 32 };
}
