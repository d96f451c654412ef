using System.Collections;
using Checkpointer.EndToEnd.Tests.Interop;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>
/// A process that is dumped and restored: it and all that descends from it is marked in its environment, which a
/// restore brings back with its memory. Disposal kills and reaps everything that bears the mark, restored or not.
/// </summary>
internal sealed class TestJob : IDisposable
{
    private const string MarkName = "E2E_JOB";
    private readonly HashSet<string> _sessions = [];
    private readonly string _mark = Guid.NewGuid().ToString("N");
    private int? _init;

    private TestJob(string directory, string name)
    {
        Name = name;
        OutputPath = Path.Combine(directory, name + ".stdout");
        ErrorPath = Path.Combine(directory, name + ".stderr");
        Scratch = Path.Combine(directory, name);
    }

    /// <summary>Name, for messages.</summary>
    public string Name { get; }

    /// <summary>The process; the same after a restore, but where <see cref="Follow"/> says so.</summary>
    public int Pid { get; private set; }

    /// <summary>After a restore into a PID namespace: the process as the host knows it, and the init there, which is ours to reap and has its status.</summary>
    public void Follow(int pid)
    {
        Pid = pid;
        _init = int.Parse(ProcFacts.StatField(pid, 4), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>After a restore by the service: the process as the host knows it, which is another one where somebody else has had its PID meanwhile.</summary>
    public void IsNow(int pid) => Pid = pid;

    /// <summary>Where its standard output goes.</summary>
    public string OutputPath { get; }

    /// <summary>Where its standard error goes.</summary>
    public string ErrorPath { get; }

    /// <summary>Path prefix of the files that it makes; its first argument where it is one of the programs.</summary>
    public string Scratch { get; }

    /// <summary>What it wrote so far, for assertions and messages.</summary>
    public string Output => File.Exists(OutputPath) ? File.ReadAllText(OutputPath) : "";

    /// <summary>Starts a process in its own session, standard input /dev/null.</summary>
    public static TestJob Start(string file, IReadOnlyList<string> arguments, string directory, string name)
    {
        var job = new TestJob(directory, name);
        var environment = Inherited();
        environment[MarkName] = job._mark;
        job.Pid = Spawner.Spawn(
            new SpawnRequest(file, arguments, environment, job.OutputPath, job.ErrorPath, directory));
        return job;
    }

    /// <summary>A copy of our own environment.</summary>
    public static Dictionary<string, string> Inherited() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);

    /// <summary>Starts one of the self-verifying programs and waits until it is ready.</summary>
    public static TestJob StartProgram(string executable, string directory, string name)
    {
        var job = Start(executable, [Path.Combine(directory, name)], directory, name);
        try
        {
            job.WaitForLine("ready");
            return job;
        }
        catch
        {
            job.Dispose();
            throw;
        }
    }

    /// <summary>Waits for a whole line of its output.</summary>
    public void WaitForLine(string line) => WaitForOutput(text => text.Split('\n').Contains(line), $"the line \"{line}\"");

    /// <summary>Waits until its output is as wanted; fails where it ends before.</summary>
    public void WaitForOutput(Func<string, bool> isWanted, string what)
    {
        var ended = false;
        Wait.Until(
            () =>
            {
                ended = !IsRunning; // before looking at the output, or its last words would be missed
                return isWanted(Output) || ended;
            },
            Wait.Patience,
            () => $"no {what}: {this}");
        if (ended && !isWanted(Output))
        {
            throw new InvalidOperationException($"ended before {what}: {this}");
        }
    }

    /// <summary>True while it exists and is no zombie.</summary>
    public bool IsRunning => State is not ("Z" or "X" or "");

    /// <summary>Process state of /proc/PID/stat; empty where it is gone.</summary>
    public string State
    {
        get
        {
            try
            {
                return ProcFacts.StatField(Pid, 3);
            }
            catch (IOException)
            {
                return "";
            }
        }
    }

    /// <summary>Tells a program to verify itself: by SIGUSR1, or by the file where signals are its topic.</summary>
    public void Go(bool byFile)
    {
        if (byFile)
        {
            File.WriteAllText(Scratch + ".go", "");
            return;
        }

        if (!Child.Signal(Pid, Libc.SIGUSR1))
        {
            throw new InvalidOperationException($"is gone: {this}");
        }
    }

    /// <summary>Makes a program of steps take one, and returns when it is done.</summary>
    public void TakeStep(int number)
    {
        File.WriteAllText(StepFile(number), "");
        WaitForLine($"step {number}");
    }

    /// <summary>Takes the wishes for steps back, so that a restored program does not go on by itself.</summary>
    public void ForgetSteps()
    {
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(Scratch)!, Path.GetFileName(StepFile(0))[..^1] + "*"))
        {
            File.Delete(file);
        }
    }

    /// <summary>Waits until one of its files, named by what follows the prefix, has grown: until it has done something more.</summary>
    public void WaitForProgress(string suffix)
    {
        var file = new FileInfo(Scratch + suffix);
        var before = file.Length;
        Wait.Until(
            () =>
            {
                file.Refresh();
                return file.Length > before;
            },
            Wait.Patience,
            () => $"does nothing: {this}");
    }

    private string StepFile(int number) => $"{Scratch}.step-{number}";

    /// <summary>Kills it as a crash or an out-of-memory kill would, and everything that descends from it. Returns when
    /// the PIDs are free again.</summary>
    public void Kill()
    {
        // Zombies, what leads a session of its own and what shows no environment would be missed later.
        var dying = ProcFacts.Descendants(Pid).Append(Pid).ToHashSet();
        _ = _sessions.Add($"{Pid}");
        foreach (var pid in dying)
        {
            RememberSession(pid);
        }

        foreach (var pid in dying)
        {
            _ = Child.Signal(pid, Libc.SIGKILL);
        }

        Wait.Until(() => KillMarked(dying), Wait.Patience, () => $"does not die: {this}");
    }

    /// <summary>Kills it and leaves the zombie.</summary>
    public void KillWithoutReaping()
    {
        _ = Child.Signal(Pid, Libc.SIGKILL);
        Wait.Until(() => State == "Z", Wait.Patience, () => $"does not die: {this}");
    }

    /// <summary>Waits for its end and reaps it.</summary>
    public ExitStatus WaitExit() => Child.Reap(_init ?? Pid, Wait.Patience, ToString);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Pid <= 1)
        {
            return;
        }

        Kill();
        // Programs name what they make there by their PID; a restore may have kept copies beside it.
        foreach (var file in Directory.EnumerateFiles("/dev/shm", $"checkpointer-*-{Pid}*").Where(file => file.Split('.')[0].EndsWith($"-{Pid}", StringComparison.Ordinal)))
        {
            File.Delete(file);
        }
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Name} (PID {Pid}, state '{State}') wrote \"{Output}\", on standard error \"{(File.Exists(ErrorPath) ? File.ReadAllText(ErrorPath) : "")}\"";

    // One round; a tree may fork between two. What was killed is remembered until it is reaped, by us or by its parent.
    private bool KillMarked(HashSet<int> dying)
    {
        var marked = Marked();
        foreach (var pid in marked)
        {
            _ = Child.Signal(pid, Libc.SIGKILL);
            dying.Add(pid);
        }

        dying.UnionWith(ProcFacts.All().Where(IsDyingMember));
        dying.RemoveWhere(pid => Child.TryReap(pid) is not null || !ProcFacts.Exists(pid));
        return marked.Count == 0 && dying.Count == 0; // a child that was born during this round is found in the next
    }

    // Children that ended by themselves, and orphans that are ours to reap now, bear no mark any more: a process loses its
    // environment before it is a zombie. They are known by their sessions, and are only waited for, never killed.
    private bool IsDyingMember(int pid)
    {
        try
        {
            return _sessions.Contains(ProcFacts.StatField(pid, 6)) && !ProcFacts.HasMemory(pid);
        }
        catch (IOException)
        {
            return false; // gone meanwhile
        }
    }

    private void RememberSession(int pid)
    {
        try
        {
            _ = _sessions.Add(ProcFacts.StatField(pid, 6));
        }
        catch (IOException)
        {
            // Gone meanwhile; its session is that of another, or has nobody left.
        }
    }

    private List<int> Marked() =>
        [.. ProcFacts.All().Where(pid => pid > 1 && pid != Environment.ProcessId && ProcFacts.HasEnvironment(pid, $"{MarkName}={_mark}"))];
}
