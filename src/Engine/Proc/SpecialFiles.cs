using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Proc;

/// <summary>Reads what /proc/PID/fdinfo/FD shows of files that have no name (man 5 proc_pid_fdinfo).</summary>
internal static partial class SpecialFiles
{
    private const string File = "fdinfo";
    private const int MinorBits = 20; // linux/kdev_t.h

    /// <summary>An eventfd. Kernels before 6.5 do not tell whether it is a semaphore: then it is none.</summary>
    public static EventfdInfo Eventfd(FdInfo info) =>
        new(Hex(info, EventfdCount()), info.Special.Any(line => EventfdSemaphore().IsMatch(line)));

    /// <summary>A timerfd.</summary>
    public static TimerfdInfo Timerfd(FdInfo info) => new(
        (int)Decimal(info, TimerfdClock()),
        Convert.ToInt32(Find(info, TimerfdFlags()).Groups["v"].Value, 8),
        (ulong)Decimal(info, TimerfdTicks()),
        Time(Find(info, TimerfdValue())),
        Time(Find(info, TimerfdInterval())));

    /// <summary>Signals that a signalfd reads, bit N-1 for signal N.</summary>
    public static ulong Signalfd(FdInfo info) => Hex(info, SignalMask());

    /// <summary>PID that a pidfd stands for; -1 once it was reaped.</summary>
    public static int Pidfd(FdInfo info) => (int)Decimal(info, PidfdPid());

    /// <summary>Files that an epoll set watches, in the order of the kernel.</summary>
    public static IReadOnlyList<EpollWatch> Epoll(FdInfo info) => [.. info.Special.Select(line => EpollTarget().Match(line)).Where(match => match.Success).Select(
        match => new EpollWatch(
            int.Parse(match.Groups["tfd"].Value, CultureInfo.InvariantCulture), (uint)Hex(match, "events"), Hex(match, "data"), Hex(match, "ino")))];

    /// <summary>Watches of an inotify instance.</summary>
    public static IReadOnlyList<InotifyWatch> Inotify(FdInfo info) => [.. info.Special.Select(line => InotifyMark().Match(line)).Where(match => match.Success).Select(
        match => new InotifyWatch(
            (int)Hex(match, "wd"),
            Hex(match, "ino"),
            DeviceOf((uint)Hex(match, "sdev")),
            (uint)Hex(match, "mask"),
            (int)Hex(match, "type"),
            Convert.FromHexString(match.Groups["handle"].Value)))];

    /// <summary>A fanotify group.</summary>
    public static FanotifyInfo Fanotify(FdInfo info)
    {
        var group = Find(info, FanotifyGroup());
        return new FanotifyInfo((uint)Hex(group, "flags"), (uint)Hex(group, "events"), [.. info.Special.Select(MarkOf).OfType<FanotifyMarkInfo>()]);
    }

    private static FanotifyMarkInfo? MarkOf(string line)
    {
        var match = FanotifyMark().Match(line);
        if (!match.Success)
        {
            return null;
        }

        var file = match.Groups["ino"].Success
            ? new InotifyWatch(0, Hex(match, "ino"), DeviceOf((uint)Hex(match, "sdev")), 0, (int)Hex(match, "type"), Convert.FromHexString(match.Groups["handle"].Value))
            : null;
        return new FanotifyMarkInfo(
            file,
            match.Groups["mount"].Success ? (int)Hex(match, "mount") : null,
            match.Groups["fsdev"].Success ? DeviceOf((uint)Hex(match, "fsdev")) : null,
            (uint)Hex(match, "mflags"), Hex(match, "mask"), Hex(match, "ignored"));
    }

    private static ulong DeviceOf(uint kernelNumber) => FileStat.DeviceOf(kernelNumber >> MinorBits, kernelNumber & ((1u << MinorBits) - 1));

    private static long Decimal(FdInfo info, Regex line) => long.Parse(Find(info, line).Groups["v"].Value, CultureInfo.InvariantCulture);

    private static ulong Hex(FdInfo info, Regex line) => Hex(Find(info, line), "v");

    private static ulong Hex(Match match, string group) => ulong.Parse(match.Groups[group].Value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static long Time(Match match) =>
        (long.Parse(match.Groups["s"].Value, CultureInfo.InvariantCulture) * ClockTime.NanosecondsPerSecond) + long.Parse(match.Groups["ns"].Value, CultureInfo.InvariantCulture);

    private static Match Find(FdInfo info, Regex line) =>
        info.Special.Select(text => line.Match(text)).FirstOrDefault(match => match.Success) ?? throw ProcFormatException.NoLine(File, Encoding.UTF8.GetBytes($"{line}"));

    [GeneratedRegex("""^eventfd-count:\s*(?<v>[0-9a-f]+)$""")]
    private static partial Regex EventfdCount();

    [GeneratedRegex("""^eventfd-semaphore:\s*1$""")]
    private static partial Regex EventfdSemaphore();

    [GeneratedRegex("""^clockid:\s*(?<v>\d+)$""")]
    private static partial Regex TimerfdClock();

    [GeneratedRegex("""^ticks:\s*(?<v>\d+)$""")]
    private static partial Regex TimerfdTicks();

    [GeneratedRegex("""^settime flags:\s*(?<v>[0-7]+)$""")]
    private static partial Regex TimerfdFlags();

    [GeneratedRegex("""^it_value:\s*\((?<s>\d+),\s*(?<ns>\d+)\)$""")]
    private static partial Regex TimerfdValue();

    [GeneratedRegex("""^it_interval:\s*\((?<s>\d+),\s*(?<ns>\d+)\)$""")]
    private static partial Regex TimerfdInterval();

    [GeneratedRegex("""^sigmask:\s*(?<v>[0-9a-f]+)$""")]
    private static partial Regex SignalMask();

    [GeneratedRegex("""^Pid:\s*(?<v>-?\d+)$""")]
    private static partial Regex PidfdPid();

    [GeneratedRegex("""^tfd:\s*(?<tfd>\d+)\s+events:\s*(?<events>[0-9a-f]+)\s+data:\s*(?<data>[0-9a-f]+)\s+pos:\s*-?\d+\s+ino:\s*(?<ino>[0-9a-f]+)""")]
    private static partial Regex EpollTarget();

    [GeneratedRegex("""^fanotify flags:(?<flags>[0-9a-f]+) event-flags:(?<events>[0-9a-f]+)$""")]
    private static partial Regex FanotifyGroup();

    [GeneratedRegex("""^fanotify (?:ino:(?<ino>[0-9a-f]+) sdev:(?<sdev>[0-9a-f]+)|mnt_id:(?<mount>[0-9a-f]+)|sdev:(?<fsdev>[0-9a-f]+)|(?<other>\w+):[0-9a-f]+) mflags:(?<mflags>[0-9a-f]+) mask:(?<mask>[0-9a-f]+) ignored_mask:(?<ignored>[0-9a-f]+)(?:\s+fhandle-bytes:[0-9a-f]+ fhandle-type:(?<type>[0-9a-f]+) f_handle:(?<handle>[0-9a-f]+))?""")]
    private static partial Regex FanotifyMark();

    [GeneratedRegex("""^inotify wd:(?<wd>[0-9a-f]+) ino:(?<ino>[0-9a-f]+) sdev:(?<sdev>[0-9a-f]+) mask:(?<mask>[0-9a-f]+) .*fhandle-type:(?<type>[0-9a-f]+) f_handle:(?<handle>[0-9a-f]+)""")]
    private static partial Regex InotifyMark();
}

/// <summary>State of an eventfd.</summary>
/// <param name="Count">Its counter.</param>
/// <param name="IsSemaphore">EFD_SEMAPHORE.</param>
internal sealed record EventfdInfo(ulong Count, bool IsSemaphore);

/// <summary>State of a timerfd.</summary>
/// <param name="Clock">CLOCK_*.</param>
/// <param name="SetTimeFlags">TFD_TIMER_* of the last timerfd_settime.</param>
/// <param name="Ticks">Expirations that were not read.</param>
/// <param name="RemainingNs">Until the next expiration; 0 where it is not armed.</param>
/// <param name="IntervalNs">Interval.</param>
internal sealed record TimerfdInfo(int Clock, int SetTimeFlags, ulong Ticks, long RemainingNs, long IntervalNs);

/// <summary>One file in an epoll set.</summary>
/// <param name="Number">Descriptor number under which it was added.</param>
/// <param name="Events">EPOLL*.</param>
/// <param name="Data">The user's.</param>
/// <param name="Inode">Of the file.</param>
internal sealed record EpollWatch(int Number, uint Events, ulong Data, ulong Inode);

/// <summary>One watch of an inotify instance.</summary>
/// <param name="Descriptor">Watch descriptor.</param>
/// <param name="Inode">Of the watched file.</param>
/// <param name="Device">Its file system, major &lt;&lt; 32 | minor.</param>
/// <param name="Mask">IN_*.</param>
/// <param name="HandleType">For open_by_handle_at(2).</param>
/// <param name="Handle">For open_by_handle_at(2).</param>
internal sealed record InotifyWatch(int Descriptor, ulong Inode, ulong Device, uint Mask, int HandleType, byte[] Handle);

/// <summary>State of a fanotify group.</summary>
/// <param name="Flags">FAN_* of fanotify_init(2).</param>
/// <param name="EventFlags">O_* of the files that it reports.</param>
/// <param name="Marks">What it watches.</param>
internal sealed record FanotifyInfo(uint Flags, uint EventFlags, IReadOnlyList<FanotifyMarkInfo> Marks);

/// <summary>One mark of a fanotify group: of a file, a mount or a file system; all three null where it is of a kind that this version does not know.</summary>
/// <param name="File">The file, as inotify knows it.</param>
/// <param name="MountId">The mount, as in mountinfo.</param>
/// <param name="FileSystem">The device of the file system, major &lt;&lt; 32 | minor.</param>
/// <param name="Flags">FAN_MARK_*.</param>
/// <param name="Mask">Events.</param>
/// <param name="IgnoredMask">Events that are not told.</param>
internal sealed record FanotifyMarkInfo(InotifyWatch? File, int? MountId, ulong? FileSystem, uint Flags, ulong Mask, ulong IgnoredMask);
