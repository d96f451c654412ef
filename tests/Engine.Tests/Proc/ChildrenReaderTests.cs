using System.Text;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.Proc;

[Trait("kind", "unit")]
public sealed class ChildrenReaderTests
{
    [Fact]
    public void Children_AreRead()
    {
        Assert.Equal(
            [new ProcessId(6186), new ProcessId(6190), new ProcessId(32767)],
            ChildrenReader.Parse(Samples.Read("children-6.18.txt")));
    }

    [Fact]
    public void Empty_GivesNoChildren()
    {
        Assert.Empty(ChildrenReader.Parse(default));
    }

    [Theory]
    [InlineData("12 x ")]
    [InlineData("2147483648 ")]
    [InlineData("-12 ")]
    [InlineData("0 ")]
    public void Malformed_Throws(string text)
    {
        Assert.Throws<ProcFormatException>(() => ChildrenReader.Parse(Encoding.ASCII.GetBytes(text)));
    }
}
