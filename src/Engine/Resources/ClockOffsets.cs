using System.Globalization;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>By how much the clocks of a time namespace differ from those of the host (time_namespaces(7)), in ns.</summary>
/// <param name="Monotonic">CLOCK_MONOTONIC.</param>
/// <param name="Boottime">CLOCK_BOOTTIME.</param>
internal sealed record ClockOffsets(long Monotonic, long Boottime)
{
    /// <summary>File of /proc/PID with the offsets of the time namespace that its children are in.</summary>
    public const string File = "timens_offsets";

    /// <summary>Those of our own namespace; zero where the kernel has no time namespaces.</summary>
    public static ClockOffsets Ours()
    {
        var text = ProcFile.TryParse($"/proc/self/{File}", bytes => System.Text.Encoding.ASCII.GetString(bytes)) ?? string.Empty;
        return new ClockOffsets(Parse(text, "monotonic"), Parse(text, "boottime"));
    }

    /// <summary>
    /// Those under which a job finds its clocks as if only the time had passed in which it did not run. Within a boot the clocks of the host went on, so
    /// the offsets stay. After a reboot only the wall clock tells how long the job was away; where that went backwards, as if no time had passed.
    /// </summary>
    /// <returns>Null where nothing is known.</returns>
    public static ClockOffsets? Wanted(Inventory inventory)
    {
        if (inventory.Clocks is not { } then)
        {
            return null;
        }

        if (inventory.BootId == ProcFs.BootId())
        {
            return new ClockOffsets(then.MonotonicOffsetNs, then.BoottimeOffsetNs);
        }

        var ours = Ours();
        var away = Math.Max(0, ClockTime.Now(Clock.CLOCK_REALTIME) - then.RealtimeNs);
        return new ClockOffsets(
            then.MonotonicNs + away - (ClockTime.Now(Clock.CLOCK_MONOTONIC) - ours.Monotonic),
            then.BoottimeNs + away - (ClockTime.Now(Clock.CLOCK_BOOTTIME) - ours.Boottime));
    }

    /// <summary>What is written into <see cref="File"/>.</summary>
    public string Text() => $"{Line("monotonic", Monotonic)}{Line("boottime", Boottime)}";

    // The kernel wants nanoseconds from 0 up, also where the seconds are negative.
    private static string Line(string clock, long nanoseconds)
    {
        var seconds = Math.DivRem(nanoseconds, ClockTime.NanosecondsPerSecond, out var rest);
        (seconds, rest) = rest < 0 ? (seconds - 1, rest + ClockTime.NanosecondsPerSecond) : (seconds, rest);
        return string.Create(CultureInfo.InvariantCulture, $"{clock} {seconds} {rest}\n");
    }

    private static long Parse(string text, string clock)
    {
        var words = text.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).FirstOrDefault(words => words is [var name, _, _] && name == clock);
        return words is null ? 0 : (long.Parse(words[1], CultureInfo.InvariantCulture) * ClockTime.NanosecondsPerSecond) + long.Parse(words[2], CultureInfo.InvariantCulture);
    }
}
