using System.Globalization;
using System.Text.RegularExpressions;
using Checkpointer.CrashLab.Disk;
using Checkpointer.CrashLab.Kit;
using Checkpointer.CrashLab.Machine;
using Xunit;

namespace Checkpointer.CrashLab.Rounds;

/// <summary>
/// Three jobs that the service in a virtual machine dumps every two seconds, from boot to boot of one disk: a computation of three threads, a tree of processes with pipes, and one
/// that appends to files. What the service has reported as dumped on the serial line is acknowledged, and must never be lost.
/// </summary>
internal sealed partial class Care : IDisposable
{
    /// <summary>Environment of the service. Collections of garbage run into power cuts, too.</summary>
    public const string ServiceOptions = "CHECKPOINTER_Upkeep__CollectSchedule='every 1m'";

    private const string Store = "/data/store";
    private const string Jobs = "/data/jobs";
    private const string EveryTwoSeconds = """
        "schedule": {"every": "2s"}, "recovery": {"onBoot": "auto", "onCrash": "auto"}
        """;

    /// <summary>A dump or a restore of all three takes up to 15 s on an idle machine: emulation is 10 to 40 times slower. Beside other work, at nice level 10, it takes minutes.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(5);

    private readonly Laboratory _lab;
    private readonly PowerDisk _disk;
    private readonly Random _random;
    private readonly string _directory;
    private readonly Dictionary<string, long> _acknowledged = [];
    private VirtualMachine? _machine;
    private int _boots;

    public Care(Laboratory lab, int seed, string directory, DiskRecording? recording = null)
    {
        _lab = lab;
        _directory = directory;
        _random = new Random(seed);
        DiskPath = lab.NewDisk();
        _disk = new PowerDisk(DiskPath, recording);
    }

    /// <summary>File of the disk.</summary>
    public string DiskPath { get; }

    /// <summary>Options with which the disk is mounted.</summary>
    public string DataOptions { get; init; } = "rw";

    /// <summary>The kernel of the next boot.</summary>
    public string Kernel { get; set; } = "6.12";

    /// <summary>Jobs, which are programs of the laboratory, and the numbers of their processes.</summary>
    public IReadOnlyDictionary<string, int> Processes { get; init; } = new Dictionary<string, int> { ["threads"] = 1, ["tree"] = 3, ["append"] = 1 };

    /// <summary>Policy of the jobs.</summary>
    public string Policy { get; init; } = $"{{{EveryTwoSeconds}, \"retention\": {{\"keepLast\": 4}}}}";

    /// <summary>The same without an end of generations.</summary>
    public static string KeepingAll => $"{{{EveryTwoSeconds}}}";

    /// <summary>Newest generation of each job that was reported as dumped.</summary>
    public IReadOnlyDictionary<string, long> Acknowledged => _acknowledged;

    /// <summary>Sectors that the last cut found unflushed, and how many of them it left.</summary>
    public (int Unflushed, int Kept) LastCut => _disk.LastCut;

    /// <summary>The machine that runs now.</summary>
    public VirtualMachine Machine => _machine ?? throw new InvalidOperationException("no machine runs");

    /// <summary>Boots, starts service and jobs, and waits until each job was dumped.</summary>
    /// <param name="serviceIsUp">Called when the service has begun.</param>
    public void Begin(Action? serviceIsUp = null)
    {
        Boot();
        _ = Machine.Shell.Run($"mkdir -p {Jobs}");
        StartService();
        serviceIsUp?.Invoke();
        foreach (var job in Processes.Keys)
        {
            _ = Machine.Shell.Run($"setsid {RootImage.Programs}/lab_{job} {Jobs}/{job} </dev/null >{Jobs}/{job}.out 2>&1 & echo $! >/run/{job}.pid");
            _ = Machine.Shell.Run($"tries=0; until grep -q ready {Jobs}/{job}.out || [ $tries = 300 ]; do usleep 100000; tries=$((tries + 1)); done; grep -q ready {Jobs}/{job}.out");
            _ = Ask($"POST /v1/jobs \"{{\\\"name\\\": \\\"{job}\\\", \\\"pid\\\": $(cat /run/{job}.pid), \\\"policy\\\": {Policy.Replace("\"", "\\\"", StringComparison.Ordinal)}}}\"");
        }

        AwaitNewGenerations();
    }

    /// <summary>Boots after an end, starts the service and waits until it has brought all jobs back by itself, each from a generation that is not older than the newest acknowledged.</summary>
    /// <returns>Numbers of the generations.</returns>
    public Dictionary<string, long> ComeBack(Action? beforeService = null)
    {
        Boot();
        beforeService?.Invoke();
        StartService();
        Machine.Log.WaitUntil(
            lines => Processes.Keys.All(job => Numbers(lines, job, "recovered").Count > 0), _patience, "recovery of all jobs by the service");
        var recovered = Processes.Keys.ToDictionary(job => job, job => Assert.Single(Numbers(Machine.Log.Lines, job, "recovered")));
        foreach (var (job, number) in recovered)
        {
            Assert.True(
                number >= _acknowledged[job], $"{job} came back from generation {number}, and {_acknowledged[job]} was acknowledged:\n{Machine.Log.Tail()}");
        }

        ExpectOneOfEach();
        return recovered;
    }

    /// <summary>Waits until each job has one more generation.</summary>
    public void AwaitNewGenerations()
    {
        var before = Processes.Keys.ToDictionary(job => job, job => Newest(job));
        Machine.Log.WaitUntil(lines => Processes.Keys.All(job => Numbers(lines, job, "dumped").LastOrDefault() > before[job]), _patience, "new generations of all jobs");
        NoteAcknowledged();
    }

    /// <summary>Lets it run for a random time.</summary>
    public void LetRun(TimeSpan longest)
    {
        var end = TimeProvider.System.GetTimestamp();
        var time = longest * _random.NextDouble();
        Machine.Log.WaitUntil(_ => TimeProvider.System.GetElapsedTime(end) >= time, longest + _patience, "end of a pause");
    }

    /// <summary>Lets it run, and tells of each generation as soon as it is acknowledged.</summary>
    public void Watch(TimeSpan time, Action<string> acknowledged)
    {
        var begun = TimeProvider.System.GetTimestamp();
        Machine.Log.WaitUntil(
            lines =>
            {
                foreach (var job in Processes.Keys)
                {
                    Numbers(lines, job, "dumped").ForEach(number => acknowledged($"{job}/{number}"));
                }

                return TimeProvider.System.GetElapsedTime(begun) >= time;
            },
            time + _patience,
            "end of a run");
        NoteAcknowledged();
    }

    /// <summary>Cuts the power.</summary>
    public void Cut(CutLoss loss)
    {
        Machine.Cut(loss, _random);
        NoteAcknowledged();
        LetGo();
    }

    /// <summary>Reboots without a sync.</summary>
    public void RebootByForce()
    {
        Machine.RebootByForce();
        NoteAcknowledged();
        LetGo();
    }

    /// <summary>Kills the service.</summary>
    public void KillService() => _ = Machine.Shell.Run("kill -9 $(cat /run/service.pid)");

    /// <summary>Removes the index, which the store can make again from its packs.</summary>
    public void DeleteIndex() => _ = Machine.Shell.Run($"ls {Store}/index.db && rm {Store}/index.db*");

    /// <summary>Tells the jobs to check all that they hold, and to end.</summary>
    public void Finish()
    {
        foreach (var job in Processes.Keys)
        {
            _ = Machine.Shell.Run($"touch {Jobs}/{job}.go");
        }

        foreach (var job in Processes.Keys)
        {
            _ = Machine.Shell.Try($"tries=0; until tail -n 1 {Jobs}/{job}.out | grep -qE 'PASS|FAIL' || [ $tries = 600 ]; do usleep 100000; tries=$((tries + 1)); done");
            var last = Machine.Shell.Run($"tail -n 3 {Jobs}/{job}.out");
            Assert.True(last.EndsWith("PASS\n", StringComparison.Ordinal), $"{job} did not end rightly: {last}\n{Machine.Log.Tail()}");
        }

        Machine.Log.WaitUntil(
            lines => Processes.Keys.All(job => lines.Any(line => line.Contains($"Job {job}: finished", StringComparison.Ordinal))), _patience, "end of all jobs");
        Machine.PowerOff();
        LetGo();
    }

    /// <summary>Fails unless there is one copy of each job, and none has found anything wrong.</summary>
    public void ExpectOneOfEach()
    {
        foreach (var (job, count) in Processes)
        {
            var running = Machine.Shell.Run($"ps | grep -c '[l]ab/programs/lab_{job}'; tail -n 2 {Jobs}/{job}.out");
            Assert.True(
                running.StartsWith($"{count}\n", StringComparison.Ordinal) && !running.Contains("FAIL", StringComparison.Ordinal),
                $"{job}: not {count} processes that are right: {running}\n{Machine.Log.Tail()}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        LetGo();
        _disk.Dispose();
        File.Delete(DiskPath);
    }

    private void Boot()
        => _machine = VirtualMachine.Boot(_lab, new BootPlan(_lab.Kernel(Kernel), _disk, DataOptions, _directory, $"boot-{++_boots}"));

    private void StartService()
    {
        _ = Machine.Shell.Run(
            $"{ServiceOptions} setsid checkpointer daemon --store {Store} </dev/null >/dev/null 2>/dev/ttyS0 & echo $! >/run/service.pid");
        Machine.Log.WaitUntil(lines => lines.Any(line => line.Contains("The service of", StringComparison.Ordinal)), _patience, "begin of the service");
    }

    /// <summary>Asks the service over its socket.</summary>
    private string Ask(string request) => Machine.Shell.Run($"{RootImage.Programs}/lab_ask {Store}/control.sock {request}");

    private void NoteAcknowledged()
    {
        foreach (var job in Processes.Keys)
        {
            _acknowledged[job] = Newest(job);
        }
    }

    private long Newest(string job) => Math.Max(_acknowledged.GetValueOrDefault(job), Numbers(Machine.Log.Lines, job, "dumped").LastOrDefault());

    private static List<long> Numbers(IReadOnlyList<string> lines, string job, string kind) =>
    [
        .. lines.Select(line => Event().Match(line)).Where(match => match.Success && match.Groups[1].Value == job && match.Groups[2].Value == kind)
            .Select(match => long.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture)),
    ];

    private void LetGo()
    {
        _machine?.Dispose();
        _machine = null;
    }

    [GeneratedRegex(@"Job (\w+): (\w+) \(generation (\d+),")]
    private static partial Regex Event();
}
