using System.Buffers.Binary;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Tests.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Restore;

/// <summary>The program of the restore stub is an ELF file that says of itself what we rely on.</summary>
[Trait("kind", "unit")]
public sealed class StubProgramTests
{
    [Fact]
    public void Program_HasASystemCallWhereItIsSaidToBe()
    {
        var program = Program();
        var entry = BinaryPrimitives.ReadUInt64LittleEndian(program.AsSpan(24));
        var loadAddress = BinaryPrimitives.ReadUInt64LittleEndian(program.AsSpan(64 + 16));
        var offset = (int)(StubProgram.SyscallAddress - loadAddress);

        Assert.Equal([0x0f, 0x05], program[offset..(offset + 2)]);
        Assert.InRange(StubProgram.SyscallAddress, entry, loadAddress + (ulong)program.Length - 2);
    }

    [CommandFact("readelf")]
    public void Program_IsAStaticExecutableOfOneSegment()
    {
        using var scratch = new Scratch();
        var program = Program();
        File.WriteAllBytes(scratch["stub"], program);

        var text = Command.Require(scratch, "readelf", "--wide", "--file-header", "--program-headers", scratch["stub"]);

        Assert.Contains("EXEC (Executable file)", text, StringComparison.Ordinal);
        Assert.Contains("Advanced Micro Devices X86-64", text, StringComparison.Ordinal);
        Assert.Contains("Number of program headers:         2", text, StringComparison.Ordinal);
        Assert.Matches($"LOAD +0x0+ 0x0+200000 0x0+200000 0x0+{program.Length:x} 0x0+{program.Length:x} R E 0x1000", text);
        Assert.Matches("GNU_STACK .* RW ", text);
        Assert.DoesNotContain("Warning", text, StringComparison.OrdinalIgnoreCase);
    }

    [CommandFact("objdump")]
    public void Program_DiesWithItsParentAndWaits_AndHasAnInitThatReaps()
    {
        using var scratch = new Scratch();
        File.WriteAllBytes(scratch["stub"], Program()[(64 + (2 * 56))..]);

        var listing = Command.Require(scratch, "objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", scratch["stub"]);

        string[] code = ["mov    edi,0x1", "mov    esi,0x9", "mov    eax,0x9d", "syscall", "mov    eax,0x22", "syscall", "jmp    0x11"];
        var lines = listing.Split('\n').Where(line => line.StartsWith(' ')).Select(line => line.Split('\t')[^1].Trim());
        Assert.Equal(code, lines.Take(code.Length));
        string[] init =
        [
            "xor    r13d,r13d", "or     rdi,0xffffffffffffffff", "lea    rsi,[rsp-0x10]", "mov    edx,0x40000000", "xor    r10d,r10d", "mov    eax,0x3d", "syscall",
            "cmp    rax,r12", "je     0x4a", "cmp    rax,0xfffffffffffffff6", "jne    0x1d", "mov    edi,r13d", "mov    eax,0xe7", "syscall",
            "mov    ecx,DWORD PTR [rsp-0x10]", "movzx  r13d,BYTE PTR [rsp-0xf]", "and    ecx,0x7f", "je     0x1d", "lea    r13d,[rcx+0x80]", "jmp    0x1d",
        ];
        Assert.Equal(init, lines.Skip(code.Length));
    }

    private static byte[] Program()
    {
        using var fd = StubProgram.Create();
        return File.ReadAllBytes($"/proc/self/fd/{fd.Number}");
    }
}
