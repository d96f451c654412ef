using System.Text.RegularExpressions;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Tests.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Arch.X64;

/// <summary>The machine code is what its comments say.</summary>
[Trait("kind", "unit")]
public sealed partial class GateCodeTests
{
    private static readonly string[] _call = ["syscall", "mov eax,0xf", "syscall", "ud2"];

    private static readonly string[] _batch =
    [
        "mov rax,QWORD PTR [rbx]", "mov rdi,QWORD PTR [rbx+0x8]", "mov rsi,QWORD PTR [rbx+0x10]", "mov rdx,QWORD PTR [rbx+0x18]",
        "mov r10,QWORD PTR [rbx+0x20]", "mov r8,QWORD PTR [rbx+0x28]", "mov r9,QWORD PTR [rbx+0x30]", "syscall",
        "mov QWORD PTR [rbx+0x38],rax", "add rbx,0x40", "dec r12", $"jne 0x{GateCode.BatchOffset:x}", "int3",
    ];

    [CommandFact("objdump")]
    public void Code_DisassemblesAsItsCommentsSay()
    {
        using var scratch = new Scratch();
        File.WriteAllBytes(scratch["gate"], GateCode.Bytes.ToArray());

        var listing = Command.Require(scratch, "objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", scratch["gate"]);

        var code = Instruction().Matches(listing).ToDictionary(
            match => Convert.ToInt32(match.Groups[1].Value, 16), match => Spaces().Replace(match.Groups[2].Value.Trim(), " "));
        var batch = code.Where(line => line.Key >= GateCode.BatchOffset).OrderBy(line => line.Key).Select(line => line.Value);
        var call = code.Where(line => line.Key < GateCode.BatchOffset).OrderBy(line => line.Key).Select(line => line.Value).ToList();
        Assert.Equal(_call, call[.._call.Length]);
        Assert.All(call[_call.Length..], instruction => Assert.Equal("int3", instruction));
        Assert.Equal(_batch, batch);
        Assert.Equal(0, GateCode.CallOffset);
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
