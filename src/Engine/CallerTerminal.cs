using System.Runtime.InteropServices;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine;

/// <summary>
/// The terminal that we were started in, where a job goes on that was dumped from another one. We treat the job as a shell does: it gets the terminal, we wait
/// for it, and take the terminal back where it ends or is stopped. Belongs to the thread that opened it, on which SIGTTOU is blocked until disposal, or we would be
/// stopped whenever the job has the terminal.
/// </summary>
public sealed class CallerTerminal : IDisposable
{
    private const int StandardStreams = 3;
    private const int SignalledCode = 128; // what shells add to the signal that ended a program

    private readonly SafeFd _terminal;
    private readonly termios2 _settings;
    private readonly ulong _signalMask;
    private int _jobGroup;
    private termios2 _jobSettings;
    private bool _isGiven;

    private CallerTerminal(SafeFd terminal, ulong device, string path)
    {
        _terminal = terminal;
        Path = path;
        _settings = TerminalCalls.TrySettings(terminal)
            ?? throw new EngineException(EngineFailure.WorldChanged, $"The terminal {path} was hung up.", "run it in a terminal that is there");
        IsControlling = TerminalNames.Decode(Ourselves().TtyNr) == device;
        _signalMask = SignalMask.Block(Signal.SIGTTOU);
    }

    /// <summary>A path of ours that opens it.</summary>
    internal string Path { get; }

    /// <summary>True where it is the controlling terminal of our session.</summary>
    internal bool IsControlling { get; }

    /// <summary>Size of its window.</summary>
    internal winsize Window => TerminalCalls.Window(_terminal);

    /// <summary>Takes the first of standard input, output and error that is a terminal.</summary>
    /// <exception cref="EngineException">WorldChanged: none is.</exception>
    public static CallerTerminal Open()
    {
        for (var stream = 0; stream < StandardStreams; stream++)
        {
            if (TryOpen(stream) is { } terminal)
            {
                return terminal;
            }
        }

        throw new EngineException(
            EngineFailure.WorldChanged, "There is no terminal for the job to go on in: none of standard input, output and error is one.", "run it in a terminal");
    }

    /// <summary>Waits for the end of a job that was restored here. The terminal is ours again then; what ends us ends the job (SIGTERM).</summary>
    /// <param name="root">The job's root, our child.</param>
    /// <param name="cancellation">Ends the job.</param>
    /// <returns>The exit code of the job, or 128 and the signal that ended it.</returns>
    public int Attend(ProcessIdentity root, CancellationToken cancellation)
    {
        var group = root.Pid.Value;
        using var end = cancellation.Register(() => Send(group, Signal.SIGTERM));
        if (ProcFs.TryStat(root.Pid) is { State: 'T' })
        {
            // It was stopped when it was dumped; in the foreground it is to run.
            Send(group, Signal.SIGCONT);
        }

        while (true)
        {
            var status = Children.WaitForStopOrEnd(root.Pid);
            TakeBack();
            if (!status.IsStopped)
            {
                return status.IsExited ? status.ExitCode : SignalledCode + status.EndSignal;
            }

            // As the shell that started us expects of whom it started. It goes on here when somebody continues us.
            _ = Libc.kill(Libc.getpid(), Signal.SIGSTOP);
            GiveAgain();
            Send(_jobGroup == 0 ? group : _jobGroup, Signal.SIGCONT);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        TakeBack();
        SignalMask.Set(_signalMask);
        _terminal.Dispose();
    }

    /// <summary>Gives the terminal to a process group, unless we are in the background ourselves.</summary>
    /// <param name="group">A group of our session.</param>
    /// <param name="settings">The job's settings: struct termios2.</param>
    internal void Give(int group, ReadOnlySpan<byte> settings)
    {
        _jobGroup = group;
        _jobSettings = settings.IsEmpty ? _settings : MemoryMarshal.Read<termios2>(settings);
        GiveAgain();
    }

    private static CallerTerminal? TryOpen(int stream)
    {
        var link = $"/proc/self/fd/{stream}";
        if (ProcFs.ReadLink(link) is not { } target || target.EndsWith("/ptmx", StringComparison.Ordinal) || !target.StartsWith("/dev/", StringComparison.Ordinal))
        {
            return null;
        }

        if (OwnFd.TryOpen(link, FileFlag.O_RDWR | FileFlag.O_NOCTTY | FileFlag.O_NONBLOCK) is not { } terminal)
        {
            return null;
        }

        if (TerminalCalls.TryDevice(terminal) is { } device)
        {
            var name = TerminalNames.Of(device);
            return new CallerTerminal(terminal, device, FileStat.TryOf(name) is { } node && node.DeviceNode == device ? name : link);
        }

        terminal.Dispose();
        return null;
    }

    private static ProcStat Ourselves() => ProcFs.Stat(new ProcessId(Environment.ProcessId));

    private static void Send(int group, int signal)
    {
        Invariant.Require(group > 1, $"{group} is no process group to signal");
        _ = Libc.kill(-group, signal);
    }

    private void GiveAgain()
    {
        if (!IsControlling || TerminalCalls.TryNumber(_terminal, TerminalRequest.TIOCGPGRP) != Ourselves().ProcessGroup)
        {
            return;
        }

        TerminalCalls.Set(_terminal, _jobSettings);
        TerminalCalls.SetNumber(_terminal, TerminalRequest.TIOCSPGRP, _jobGroup);
        _isGiven = true;
    }

    /// <summary>Takes the terminal back, with what the job has made of it; nothing where it is hung up.</summary>
    private void TakeBack()
    {
        if (!_isGiven || TerminalCalls.TrySettings(_terminal) is not { } settings)
        {
            return;
        }

        _isGiven = false;
        _jobSettings = settings;
        _jobGroup = TerminalCalls.TryNumber(_terminal, TerminalRequest.TIOCGPGRP) is > 1 and var group ? group : _jobGroup;
        TerminalCalls.SetNumber(_terminal, TerminalRequest.TIOCSPGRP, Ourselves().ProcessGroup);
        TerminalCalls.Set(_terminal, _settings);
    }
}
