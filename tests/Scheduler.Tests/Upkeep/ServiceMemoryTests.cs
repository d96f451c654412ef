using Checkpointer.Scheduler.Upkeep;

namespace Checkpointer.Scheduler.Tests.Upkeep;

public sealed class ServiceMemoryTests : IDisposable
{
    private readonly TemporaryDirectory _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public void Failure_IsKnownToTheNextService()
    {
        Assert.True(Memory().BeginsToFail("md", "dump"));

        ServiceMemory next = Memory();
        Assert.False(next.BeginsToFail("md", "dump"));
        Assert.True(next.BeginsToFail("md", "recovery"));
        Assert.True(next.WorksAgain("md", "dump"));
        Assert.False(Memory().WorksAgain("md", "dump"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_place.Path, ServiceMemory.FileName)));
    }

    [Fact]
    public void JobsThatAreGone_AreForgotten()
    {
        ServiceMemory memory = Memory();
        memory.BeginsToFail("md", "dump");
        memory.BeginsToFail("other", "dump");

        memory.Keep(new HashSet<string> { "other" });

        Assert.True(Memory().BeginsToFail("md", "dump"));
        Assert.False(Memory().BeginsToFail("other", "dump"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"failing": 7}""")]
    public void DamagedMemory_IsNone(string text)
    {
        _place.Write(ServiceMemory.FileName, text);

        Assert.True(Memory().BeginsToFail("md", "dump"));
        Assert.False(Memory().BeginsToFail("md", "dump"));
    }

    private ServiceMemory Memory() => new(_place.Path, (_, _) => { });
}
