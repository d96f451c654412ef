using System.Diagnostics;
using Checkpointer.EndToEnd.Tests.Interop;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>Waits for conditions, never for time to pass.</summary>
internal static class Wait
{
    /// <summary>Longest wait for anything that should happen at once; long because machines are busy.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Looks at the condition every 2 ms until it holds.</summary>
    /// <exception cref="TimeoutException">It does not hold in time; the message is the description at that time.</exception>
    public static unsafe void Until(Func<bool> condition, TimeSpan timeout, Func<string> describe)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(begun) > timeout)
            {
                throw new TimeoutException($"after {timeout.TotalSeconds:F0} s: {describe()}");
            }

            _ = Libc.poll(null, 0, 2);
        }
    }

    /// <summary>Repeats an assertion until it holds.</summary>
    /// <exception cref="TimeoutException">It does not hold in time; the message is the last failure.</exception>
    public static void UntilHolds(Action assertion)
    {
        var failure = "";
        Until(() => (failure = FailureOf(assertion)).Length == 0, Patience, () => failure);
    }

    private static string FailureOf(Action assertion)
    {
        try
        {
            assertion();
            return "";
        }
        catch (Exception failure)
        {
            return failure.Message;
        }
    }
}
