using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>How often, and by which seed, tests repeat what they do at moments of chance.</summary>
internal static class Repetition
{
    /// <summary>So many rounds as CHECKPOINTER_ROUNDS asks for, else as few as keep the suite short.</summary>
    public static int Rounds(int few) =>
        int.TryParse(Environment.GetEnvironmentVariable("CHECKPOINTER_ROUNDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var rounds) ? rounds : few;

    /// <summary>Chance by the seed in SEED, else by a new one, which is told.</summary>
    public static Random Chance(ITestOutputHelper output)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("SEED"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var given) ? given : Environment.TickCount;
        output.WriteLine($"SEED={seed}");
        return new Random(seed);
    }

    /// <summary>Lets time pass, up to a moment that nothing in a job marks; a wait for a condition would be such a mark.</summary>
    public static void LetWork(int microseconds)
    {
        var begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun).TotalMicroseconds < microseconds)
        {
            Thread.SpinWait(20);
        }
    }
}
