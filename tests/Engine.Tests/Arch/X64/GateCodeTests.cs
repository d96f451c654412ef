using System.Text.RegularExpressions;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Tests.Support;
using Checkpointer.Engine.Tracing;
using Xunit;

namespace Checkpointer.Engine.Tests.Arch.X64;

/// <summary>The machine code is what its comments say.</summary>
[Trait("kind", "unit")]
public sealed partial class GateCodeTests
{
    private const int SyscallInstructionBytes = 2;

    private static readonly string[] _home = ["mov eax,0xf", "syscall", "ud2"];

    private static readonly string[] _call = ["syscall", .. _home];

    private static readonly string[] _batch =
    [
        "mov rax,QWORD PTR [rbx]", "mov rdi,QWORD PTR [rbx+0x8]", "mov rsi,QWORD PTR [rbx+0x10]", "mov rdx,QWORD PTR [rbx+0x18]",
        "mov r10,QWORD PTR [rbx+0x20]", "mov r8,QWORD PTR [rbx+0x28]", "mov r9,QWORD PTR [rbx+0x30]", "syscall",
        "mov QWORD PTR [rbx+0x38],rax", "add rbx,0x40", "dec r12", $"jne 0x{GateCode.BatchOffset:x}", "jmp r13",
    ];

    private static readonly string[] _raise = ["mov rdi,r14", "mov rsi,r15", "mov rdx,rbp", "mov eax,0xea", "syscall", .. _home];

    private static readonly string[] _take = ["syscall", "mov edi,eax", $"mov eax,0x{(int)Sys.Close:x}", "syscall", .. _home];

    private static readonly string[] _copy =
    [
        "syscall", "test eax,eax", $"je 0x{GateCode.CopyOffset + 15:x}", .. _home,
        $"mov edi,0x{GateCode.CopyExitCode:x}", $"mov eax,0x{(int)Sys.ExitGroup:x}", "syscall", "ud2",
    ];

    [CommandFact("objdump")]
    public void Code_DisassemblesAsItsCommentsSay()
    {
        using var scratch = new Scratch();
        File.WriteAllBytes(scratch["gate"], GateCode.Bytes[..GateCode.MarkOffset].ToArray());

        var listing = Command.Require(scratch, "objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", scratch["gate"]);

        var code = Instruction().Matches(listing).Select(
            match => (At: Convert.ToInt32(match.Groups[1].Value, 16), Text: Spaces().Replace(match.Groups[2].Value.Trim(), " "))).ToList();
        Expect(_call, GateCode.CallOffset, GateCode.BatchOffset);
        Expect(_batch, GateCode.BatchOffset, GateCode.TrapOffset);
        Expect(["int3"], GateCode.TrapOffset, GateCode.RaiseOffset);
        Expect(_raise, GateCode.RaiseOffset, GateCode.TakeOffset);
        Assert.Equal(GateCode.RaisedOffset, code.First(line => line.At >= GateCode.RaiseOffset && line.Text == "syscall").At + SyscallInstructionBytes);
        Expect(_take, GateCode.TakeOffset, GateCode.CopyOffset);
        Expect(_copy, GateCode.CopyOffset, GateCode.MarkOffset);

        void Expect(string[] expected, int start, int end)
        {
            var part = code.Where(line => line.At >= start && line.At < end).Select(line => line.Text).ToList();
            Assert.Equal(expected, part[..expected.Length]);
            Assert.All(part[expected.Length..], instruction => Assert.Equal("int3", instruction));
        }
    }

    [Fact]
    public void Mark_IsBehindTheCode()
    {
        Assert.True(GateCode.Bytes[GateCode.MarkOffset..].SequenceEqual(GateCode.Mark));
    }

    [Fact]
    public void Gate_HoldsCodeAndHandlersAndFrameAndData()
    {
        var gate = new Gate(new(Gate.Places.First()));

        Assert.True((ulong)GateCode.Bytes.Length < 4096);
        Assert.Equal(0ul, gate.Frame.Address % 64);
        Assert.InRange(gate.Frame.Address - gate.Base.Address, 65536ul, Gate.Bytes);
        Assert.Equal(gate.Frame.Address + SignalFrame.BytesMax, gate.Data.Address);
        Assert.Equal(gate.Base.Address + Gate.Bytes, gate.Data.Address + Gate.DataBytes);
        Assert.All(Gate.Places, place => Assert.Equal(0ul, place % 4096));
        Assert.True(Gate.Places.Last() + Gate.Bytes < 1ul << 47);
        Assert.All(Gate.Places, place => Assert.Equal(
            [false, true, true, false], new[] { place - 1, place, place + Gate.Bytes - 1, place + Gate.Bytes }.Select(address => Gate.IsIn(new(address)))));
        Assert.False(Gate.IsIn(new(0x7ffe_0000_0000)));
    }

    [Fact]
    public void Entries_HoldNumberArgumentsAndResult()
    {
        const int Words = 1 + 6 + 1;

        Assert.Equal(Words * sizeof(ulong), GateCode.BatchEntryBytes);
    }

    [GeneratedRegex("^ *([0-9a-f]+):\t[0-9a-f ]+\t(.+)$", RegexOptions.Multiline)]
    private static partial Regex Instruction();

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();
}
