using Checkpointer.Engine.Arch.X64;
using Xunit;

namespace Checkpointer.Engine.Tests.Arch.X64;

/// <summary>The pieces of code that are searched for in a job's own.</summary>
[Trait("kind", "unit")]
public sealed class GadgetCodeTests
{
    [Theory]
    [InlineData("9090480fc70f0000000f05", -1)] // not a mov of 15
    [InlineData("9048c7c00f0000000f05", 1)] // mov rax, 15; syscall
    [InlineData("41b80f0000000f05", 1)] // mov r8d, 15; syscall: entered behind its prefix it is mov eax, 15
    [InlineData("b80f0000000f0b", -1)] // no syscall
    [InlineData("b80f000000", -1)] // cut off
    public void Sigreturn_IsFound(string code, int expected)
    {
        Assert.Equal(expected, GadgetCode.IndexOfSigreturn(Convert.FromHexString(code)));
    }

    [Theory]
    [InlineData("b8270000000f05c3", 5)] // getpid
    [InlineData("0f0590c3", -1)]
    [InlineData("0f05", -1)]
    public void CallAndReturn_IsFound(string code, int expected)
    {
        Assert.Equal(expected, GadgetCode.IndexOfCallAndReturn(Convert.FromHexString(code)));
    }

    [Fact]
    public void BytesMax_IsEnoughForEachPattern()
    {
        Assert.True(GadgetCode.CallAndReturn.Length <= GadgetCode.BytesMax);
        Assert.Equal(0, GadgetCode.IndexOfSigreturn(Convert.FromHexString("48c7c00f0000000f05").AsSpan(0, GadgetCode.BytesMax)));
    }
}
