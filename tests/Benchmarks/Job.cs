using System.Diagnostics;
using System.Runtime.InteropServices;
using Checkpointer.EndToEnd.Tests.Interop;
using Checkpointer.EndToEnd.Tests.Support;

namespace Checkpointer.Benchmarks;

/// <summary>A program of tests/Programs at work. Killed at disposal.</summary>
internal sealed class Job : IDisposable
{
    private const int SIGUSR1 = 10;
    private const int SIGUSR2 = 12;
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(5);
    private readonly string _scratch;
    private readonly string _output;
    private ulong _rounds;
    private bool _hasEnded;

    /// <summary>Starts it and waits until it is ready.</summary>
    public Job(Place place, string program, params object[] arguments)
    {
        _scratch = Path.Combine(place.Directory, "job");
        _output = _scratch + ".stdout";
        var environment = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" };
        Pid = Spawner.Spawn(new SpawnRequest(
            place.Executable(program), [_scratch, .. arguments.Select(argument => $"{argument}")], environment, _output, _output, place.Directory));
        try
        {
            Wait.Until(() => File.ReadAllText(_output).Length > 0, _patience, () => "is not ready");
            if (File.ReadAllText(_output) != "ready\n")
            {
                throw new InvalidOperationException(File.ReadAllText(_output));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Its process.</summary>
    public int Pid { get; }

    /// <summary>Pages that it wrote since its start.</summary>
    public ulong PagesWritten => Stats()[1];

    /// <summary>From now on it writes so much of its memory in such a time.</summary>
    public void SetPace(double percent, TimeSpan period)
    {
        File.WriteAllText(_scratch + ".pace", $"{percent} {(long)period.TotalMilliseconds}");
        _ = Child.Signal(Pid, SIGUSR2);
    }

    /// <summary>Makes it write so much of its memory once, and returns when that is done.</summary>
    public void WriteOnce(double percent)
    {
        SetPace(percent, TimeSpan.Zero);
        _rounds++;
        Wait.Until(() => Stats()[2] >= _rounds, _patience, () => $"round {_rounds} does not end");
    }

    /// <summary>Makes file_append write so many bytes more, and returns when that is done.</summary>
    public void AppendOnce(long bytes)
    {
        var file = new FileInfo(_scratch + ".data");
        var wanted = file.Length + bytes;
        _ = Child.Signal(Pid, SIGUSR2);
        Wait.Until(() => new FileInfo(file.FullName).Length >= wanted, _patience, () => "nothing is appended");
    }

    /// <summary>Waits until it has written so many pages since its start.</summary>
    public void WaitForPages(ulong count) => Wait.Until(() => PagesWritten >= count, _patience, () => $"{PagesWritten} pages of {count} were written");

    /// <summary>The longest time for which it stood still between two moments of <see cref="Stopwatch.GetTimestamp"/>; zero for a job that does not tell.</summary>
    public TimeSpan LongestGap(long from, long to)
    {
        var longest = 0UL;
        foreach (var (start, length) in File.Exists($"{_scratch}.gaps") ? Records("gaps") : [])
        {
            // Both clocks are CLOCK_MONOTONIC in nanoseconds.
            if (start < (ulong)to && start + length > (ulong)from)
            {
                longest = Math.Max(longest, length);
            }
        }

        return TimeSpan.FromMicroseconds(longest / 1000.0);
    }

    /// <summary>Pairs of numbers that it appended to one of its files.</summary>
    public IReadOnlyList<(ulong First, ulong Second)> Records(string suffix)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(File.ReadAllBytes($"{_scratch}.{suffix}"));
        var records = new List<(ulong, ulong)>();
        for (var index = 0; index + 1 < words.Length; index += 2)
        {
            records.Add((words[index], words[index + 1]));
        }

        return records;
    }

    /// <summary>Has a self-verifying program judge itself, which ends it.</summary>
    public void Finish()
    {
        _ = Child.Signal(Pid, SIGUSR1);
        var status = Child.Reap(Pid, _patience, () => "does not end");
        _hasEnded = true;
        if (status is not { Exited: true, Code: 0 })
        {
            throw new InvalidOperationException($"{status}: {File.ReadAllText(_output)}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_hasEnded)
        {
            return;
        }

        _ = Child.Signal(Pid, Libc.SIGKILL);
        _ = Child.Reap(Pid, _patience, () => "does not die");
    }

    /// <summary>The last whole record of its statistics: time, pages written, rounds done, longest gap.</summary>
    private ulong[] Stats()
    {
        const int RecordBytes = 4 * sizeof(ulong);
        var record = new byte[RecordBytes];
        using var file = new FileStream(_scratch + ".stats", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Wait.Until(() => file.Length >= RecordBytes, _patience, () => "has no statistics");
        file.Position = ((file.Length / RecordBytes) - 1) * RecordBytes;
        file.ReadExactly(record);
        return MemoryMarshal.Cast<byte, ulong>(record).ToArray();
    }
}
