using Checkpointer.Engine;
using Checkpointer.Scheduler.Policies;
using Checkpointer.Scheduler.Tests.Fakes;

namespace Checkpointer.Scheduler.Tests.Policies;

public sealed class JobPolicyTests
{
    [Fact]
    public void Default_IsNoText()
    {
        Assert.Equal("", JobPolicy.Default.ToText());
        Assert.Equal(FilePolicy.Default, Read("").ToFilePolicy());
    }

    [Fact]
    public void Policy_WrittenAndRead_IsTheSame()
    {
        var policy = new JobPolicy { Files = new FileRules { Carry = FileChoice.None, Paths = ["/data/a*"], FreezeBytesMax = 17, RefusesOverBudget = true } };

        string text = policy.ToText();

        Assert.Equal("""{"files":{"carry":"None","paths":["/data/a*"],"freeze_bytes_max":17,"refuses_over_budget":true}}""", text);
        Assert.Equal(text, Read(text).ToText());
    }

    [Fact]
    public void Choices_WrittenAndRead_AreTheSame()
    {
        string text = new JobPolicy { ShellJob = true, Tcp = TcpChoice.Close }.ToText();

        Assert.Equal("""{"shell_job":true,"tcp":"Close"}""", text);
        Assert.Equal(new DumpChoices(IsShellJob: true, TcpChoice.Close), Read(text).ToChoices());
        Assert.Equal(DumpChoices.Default, JobPolicy.Default.ToChoices());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"schedule":"every 15m"}""")]
    public void Policy_ThatIsNotKnown_NamesTheJob(string text)
        => Assert.Contains("job md", Assert.Throws<SchedulerException>(() => Read(text)).Message, StringComparison.Ordinal);

    private static JobPolicy Read(string text) => JobPolicy.Of(new FakeStore([]).AddJob("md") with { Policy = text });
}
