using Xunit;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>What of a process must be the same after a dump that failed: mappings, descriptors, threads, signal masks, and nobody tracing it.</summary>
internal sealed record ProcessPicture(
    IReadOnlyList<string> Mappings, IReadOnlyList<string> Descriptors, IReadOnlyList<string> Threads)
{
    private static readonly string[] _lines = ["TracerPid:", "SigBlk:", "SigIgn:", "SigCgt:", "ShdPnd:", "SigPnd:", "CapEff:"];

    /// <summary>Takes the picture of a process that is not frozen.</summary>
    public static ProcessPicture Of(int pid) => new(
        ProcFacts.Maps(pid),
        ProcFacts.Descriptors(pid),
        [.. ProcFacts.Threads(pid).Order().Select(thread => $"{thread}: {Facts(pid, thread)}")]);

    /// <summary>Asserts that another picture shows the same.</summary>
    public void AssertSame(ProcessPicture other, string when)
    {
        Assert.True(Mappings.SequenceEqual(other.Mappings), $"{when}: the mappings differ:\n{Difference(Mappings, other.Mappings)}");
        Assert.True(Descriptors.SequenceEqual(other.Descriptors), $"{when}: the descriptors differ:\n{Difference(Descriptors, other.Descriptors)}");
        Assert.True(Threads.SequenceEqual(other.Threads), $"{when}: the threads differ:\n{Difference(Threads, other.Threads)}");
    }

    private static string Facts(int pid, int thread) =>
        string.Join(' ', File.ReadLines($"/proc/{pid}/task/{thread}/status").Where(line => _lines.Any(line.StartsWith)));

    private static string Difference(IReadOnlyList<string> before, IReadOnlyList<string> after) =>
        string.Join('\n', before.Except(after).Select(line => "- " + line).Concat(after.Except(before).Select(line => "+ " + line)));
}
