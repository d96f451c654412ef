using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tests.Support;
using Checkpointer.Engine.Tracing;
using Xunit;

namespace Checkpointer.Engine.Tests.Tracing;

/// <summary>The code that leads home without a gate, looked for in this very process.</summary>
[Trait("kind", "unit")]
public sealed class GadgetsTests
{
    [Fact]
    public void Find_InAProcessWithLibc_GivesAddressesOfTheCode()
    {
        var process = new ProcessId(Environment.ProcessId);
        using var memory = RemoteMemory.Open(process);

        var gadgets = Gadgets.Find(ProcFs.Maps(process), memory);

        Assert.NotNull(gadgets);
        var code = new byte[GadgetCode.BytesMax];
        memory.Read(gadgets.Value.CallAndReturn, code);
        Assert.Equal(0, GadgetCode.IndexOfCallAndReturn(code));
        memory.Read(gadgets.Value.Sigreturn, code);
        Assert.Equal(0, GadgetCode.IndexOfSigreturn(code));
        Assert.Equal(gadgets, Gadgets.Find(ProcFs.Maps(process), memory));
    }

    [Fact]
    public void Find_AfterTheCodeChanged_LooksAgain()
    {
        const int Bytes = 16384;
        var code = new PinnedBytes(Bytes);
        var process = new ProcessId(Environment.ProcessId);
        using var memory = RemoteMemory.Open(process);
        IReadOnlyList<Vma> vmas = [Code(code.Address, Bytes)];

        Put(code, 100, "0f05c3");
        Put(code, 12288, "b80f0000000f05");
        Assert.Equal(new Gadgets(code.Address + 100, code.Address + 12288), Gadgets.Find(vmas, memory));
        Put(code, 100, "909090");
        Put(code, 5000, "0f05c3");
        Assert.Equal(new Gadgets(code.Address + 5000, code.Address + 12288), Gadgets.Find(vmas, memory));
    }

    [Fact]
    public void Find_InCodeWithoutOneOfThem_GivesNothing()
    {
        var code = new PinnedBytes(8192);
        using var memory = RemoteMemory.Open(new ProcessId(Environment.ProcessId));
        Put(code, 8192 - 3, "0f05c3");

        Assert.Null(Gadgets.Find([Code(code.Address, 8192)], memory));
    }

    private static Vma Code(RemotePtr start, ulong bytes) => SmapsReader.Parse(System.Text.Encoding.ASCII.GetBytes(
        $"{start.Address:x}-{start.Address + bytes:x} r-xp 00000000 fd:01 4711 /usr/lib/libc.so.6\n")).Single();

    private static void Put(PinnedBytes target, int offset, string code) => Convert.FromHexString(code).CopyTo(target.Bytes, offset);
}
