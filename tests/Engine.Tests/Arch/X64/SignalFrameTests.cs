using System.Buffers.Binary;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tests.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Arch.X64;

/// <summary>The frame that leads home is laid out as the C headers say and asks for what the thread was doing.</summary>
[Trait("kind", "unit")]
public sealed class SignalFrameTests
{
    private const int StateBytes = 2696; // x87, SSE, AVX, AVX-512 and PKRU
    private const int SoftwareBytes = 464;
    private const ulong Features = 0x2e7;
    private const ulong TileData = 1ul << 18;
    private const ulong Mask = 0x5a5a0000a5a5;

    private static readonly RemotePtr _target = new(0x7f0000001000);

    [CommandFact("cc")]
    public void Build_PutsEachRegisterWhereUcontextHasIt()
    {
        var home = Registers.AllDifferent();
        var frame = Build(home);
        var source = new CSource("ucontext.h");
        var raw = home.Raw;
        (string Name, ulong Value)[] members =
        [
            ("gregs[REG_R8]", raw.r8), ("gregs[REG_R9]", raw.r9), ("gregs[REG_R10]", raw.r10), ("gregs[REG_R11]", raw.r11),
            ("gregs[REG_R12]", raw.r12), ("gregs[REG_R13]", raw.r13), ("gregs[REG_R14]", raw.r14), ("gregs[REG_R15]", raw.r15),
            ("gregs[REG_RDI]", raw.rdi), ("gregs[REG_RSI]", raw.rsi), ("gregs[REG_RBP]", raw.rbp), ("gregs[REG_RBX]", raw.rbx),
            ("gregs[REG_RDX]", raw.rdx), ("gregs[REG_RAX]", raw.rax), ("gregs[REG_RCX]", raw.rcx), ("gregs[REG_RSP]", raw.rsp),
            ("gregs[REG_RIP]", raw.rip), ("gregs[REG_EFL]", raw.eflags), ("gregs[REG_CSGSFS]", 0x002b_0053_0063_0033ul),
            ("fpregs", _target.Address + (ulong)StateOffset(frame)),
        ];

        foreach (var (name, value) in members)
        {
            source.Expect($"offsetof(ucontext_t, uc_mcontext.{name})", OffsetOf(frame, value));
        }

        source.Expect("offsetof(ucontext_t, uc_sigmask)", OffsetOf(frame, Mask));
        source.RequireCompiles();
    }

    [CommandFact("cc")]
    public void Build_MarksTheExtendedStateAsTheKernelWantsIt()
    {
        var frame = Build(Registers.AllDifferent());
        var state = frame.AsSpan(StateOffset(frame));
        var software = state[SoftwareBytes..];
        var source = new CSource("asm/sigcontext.h");

        source.Expect("offsetof(struct _fpstate_64, sw_reserved)", SoftwareBytes);
        source.Expect("sizeof(struct _fpx_sw_bytes)", 48);
        source.Expect("FP_XSTATE_MAGIC1", BinaryPrimitives.ReadUInt32LittleEndian(software));
        source.Expect("offsetof(struct _fpx_sw_bytes, extended_size)", 4);
        source.Expect("offsetof(struct _fpx_sw_bytes, xfeatures)", software.IndexOf(BitConverter.GetBytes(Features)));
        source.Expect("offsetof(struct _fpx_sw_bytes, xstate_size)", 16);
        source.Expect("FP_XSTATE_MAGIC2", BinaryPrimitives.ReadUInt32LittleEndian(state[StateBytes..]));

        source.RequireCompiles();
        Assert.Equal(StateBytes + 4, BinaryPrimitives.ReadInt32LittleEndian(software[4..]));
        Assert.Equal(StateBytes, BinaryPrimitives.ReadInt32LittleEndian(software[16..]));
        Assert.Equal(StateBytes + 4, state.Length);
    }

    [Fact]
    public void Build_KeepsTheExtendedStateButForTheSoftwareBytes()
    {
        var frame = Build(Registers.AllDifferent());
        var state = frame.AsSpan(StateOffset(frame), StateBytes);
        var given = State();

        Assert.Equal(given[..SoftwareBytes], state[..SoftwareBytes].ToArray());
        Assert.Equal(given[(SoftwareBytes + 48)..], state[(SoftwareBytes + 48)..].ToArray());
        Assert.Equal(new byte[28], state.Slice(SoftwareBytes + 20, 28).ToArray());
    }

    [Theory]
    [InlineData(0ul, false)]
    [InlineData(TileData, true)]
    public void Build_WhereTheProcessorHasAmx_FitsThreadsThatUseItAndThoseThatDoNot(ulong inUse, bool isWhole)
    {
        const int Whole = 11008; // with 8 KiB of tile data
        var state = new byte[Whole];
        BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(SoftwareBytes), 0x7 | TileData);
        BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(512), 0x7 | inUse);

        var frame = SignalFrame.Build(Registers.AllDifferent(), state, Mask, _target);

        var area = frame.AsSpan(frame.Length - Whole - sizeof(uint));
        var bytes = BinaryPrimitives.ReadInt32LittleEndian(area[(SoftwareBytes + 16)..]);
        Assert.Equal(isWhole, bytes == Whole);
        Assert.InRange(bytes, 576, Whole);
        Assert.Equal(bytes + 4, BinaryPrimitives.ReadInt32LittleEndian(area[(SoftwareBytes + 4)..]));
        Assert.Equal(0x46505845u, BinaryPrimitives.ReadUInt32LittleEndian(area[bytes..]));
        Assert.Equal(0x46505845u, BinaryPrimitives.ReadUInt32LittleEndian(area[Whole..]));
    }

    [Fact]
    public void Build_AlignsTheExtendedState()
    {
        Assert.Equal(0, StateOffset(Build(Registers.AllDifferent())) % 64);
    }

    [Fact]
    public void Build_ForAnUnalignedPlace_IsAnError()
    {
        Assert.Throws<InvariantViolationException>(() => SignalFrame.Build(Registers.AllDifferent(), State(), Mask, _target + 8));
    }

    [Fact]
    public void Build_OfMoreStateThanThereIsRoomFor_IsAnError()
    {
        Assert.Throws<InvariantViolationException>(() => SignalFrame.Build(Registers.AllDifferent(), new byte[SignalFrame.BytesMax], Mask, _target));
    }

    [Fact]
    public void BuildReturning_PutsTheAddressOfSigreturnBeforeTheFrame()
    {
        var home = Registers.AllDifferent();

        var bytes = SignalFrame.BuildReturning(home, State(), Mask, _target, new(0x401234));

        Assert.Equal(0x401234ul, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        Assert.Equal(Build(home), bytes[SignalFrame.ReturnAddressBytes..]);
    }

    [Theory]
    [InlineData(0x7ffe_1234_5678ul)]
    [InlineData(0x7ffe_1234_5680ul)]
    [InlineData(0x7ffe_1234_56bful)]
    public void PlaceBelow_LeavesTheRedZoneAndAligns(ulong pointer)
    {
        var place = SignalFrame.PlaceBelow(new(pointer), StateBytes);

        var frame = (ulong)Build(Registers.AllDifferent()).Length;
        Assert.Equal(0ul, place.Address % 64);
        Assert.InRange(place.Address + frame, pointer - 128 - 63, pointer - 128);
    }

    [Fact]
    public void Build_InARestartableCall_IsAnError()
    {
        Assert.Throws<InvariantViolationException>(() => SignalFrame.Build(Registers.Interrupted(0, -512), State(), Mask, _target));
    }

    [Fact]
    public void Build_AfterACall_KeepsItsResult()
    {
        var frame = SignalFrame.Build(Registers.Interrupted(0, -4), State(), Mask, _target);

        Assert.Equal(-4, BinaryPrimitives.ReadInt64LittleEndian(frame.AsSpan(OffsetOfRax)));
        Assert.Equal(Registers.CodeAddress, BinaryPrimitives.ReadUInt64LittleEndian(frame.AsSpan(OffsetOfRip)));
    }

    // Proved to be those of REG_RAX and REG_RIP by the first test.
    private static int OffsetOfRax => OffsetOf(Build(Registers.AllDifferent()), Registers.AllDifferent().Raw.rax);

    private static int OffsetOfRip => OffsetOf(Build(Registers.AllDifferent()), Registers.AllDifferent().Raw.rip);

    private static byte[] Build(RegisterSet home) => SignalFrame.Build(home, State(), Mask, _target);

    private static byte[] State()
    {
        var state = new byte[StateBytes];
        new Random(StateBytes).NextBytes(state);
        BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(SoftwareBytes), Features);
        return state;
    }

    private static int StateOffset(byte[] frame) => frame.Length - StateBytes - sizeof(uint);

    private static int OffsetOf(byte[] frame, ulong value)
    {
        var context = frame.AsSpan(0, StateOffset(frame));
        var offset = context.IndexOf(BitConverter.GetBytes(value));
        Assert.True(offset >= 0, $"0x{value:x} is not in the frame");
        Assert.Equal(-1, context[(offset + 1)..].IndexOf(BitConverter.GetBytes(value)));
        return offset;
    }
}
