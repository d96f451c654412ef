using Checkpointer.Scheduler.Jobs;

namespace Checkpointer.Scheduler.Tests.Jobs;

public sealed class GenerationReferenceTests
{
    [Theory]
    [InlineData("md/1", "md", 1L)]
    [InlineData("a.b_c-9/9223372036854775807", "a.b_c-9", long.MaxValue)]
    [InlineData("md/latest", "md", null)]
    public void TryParse_OfName_ReadsIt(string text, string job, long? number)
    {
        Assert.True(GenerationReference.TryParse(text, out GenerationReference reference));
        Assert.Equal(new GenerationReference(job, number), reference);
        Assert.Equal(text, reference.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("md")]
    [InlineData("md/")]
    [InlineData("/1")]
    [InlineData("md/0")]
    [InlineData("md/-1")]
    [InlineData("md/+1")]
    [InlineData("md/ 1")]
    [InlineData("md/1/2")]
    [InlineData("md/Latest")]
    [InlineData("../1")]
    [InlineData("md/9223372036854775808")]
    public void TryParse_OfAnythingElse_Refuses(string text) => Assert.False(GenerationReference.TryParse(text, out _));

    [Fact]
    public void JobName_AtItsLimit_IsValid()
    {
        Assert.True(JobName.IsValid(new string('a', 64)));
        Assert.False(JobName.IsValid(new string('a', 65)));
        Assert.False(JobName.IsValid(".hidden"));
        Assert.False(JobName.IsValid("é"));
    }
}
