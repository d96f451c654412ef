using System.Runtime.InteropServices;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Restore;

/// <summary>What a restore does with the terminal from outside of the job, in which a user has started it.</summary>
internal sealed class ShellJob
{
    private readonly GenerationImages _images;
    private readonly Terminal? _outside;

    private ShellJob(GenerationImages images, CallerTerminal? caller)
    {
        _images = images;
        Caller = caller;
        _outside = images.Files.Terminals.FirstOrDefault(terminal => terminal.IsOutside);
    }

    /// <summary>The terminal that takes its place; null where the job goes on without.</summary>
    public CallerTerminal? Caller { get; }

    /// <summary>True where the job stays in our session, whose controlling terminal it thereby has; not where its root leads a session with a terminal of its own.</summary>
    public bool StaysInOurSession => Caller is not null && _images.Root.Process is var root
        && (root.Session != root.Pid || _outside is not null) && _images.Files.Terminals.All(terminal => terminal.Session != root.Session);

    /// <summary>True where the root has the caller's terminal as its controlling one.</summary>
    public bool HasCallersTerminal => StaysInOurSession && Caller!.IsControlling;

    /// <summary>Looks at a generation. Changes nothing.</summary>
    /// <exception cref="EngineException">WorldChanged: the job needs a terminal and none was given.</exception>
    public static ShellJob Of(GenerationImages images, CallerTerminal? caller)
    {
        var job = new ShellJob(images, caller);
        return job._outside is null || caller is not null
            ? job
            : throw new EngineException(
                EngineFailure.WorldChanged,
                "This generation was taken with --shell-job: the job goes on in the terminal of whoever restores it.",
                "give --shell-job, in the terminal where it is to go on");
    }

    /// <summary>Puts the job in the foreground of the terminal, with its settings; those of one that was in the background were its shell's. Where the size of the
    /// window is another, the job is told.</summary>
    public void GiveTerminal()
    {
        if (!StaysInOurSession)
        {
            return;
        }

        Caller!.Give(ForegroundGroup(), _outside is not null && IsOfJob(_outside.ForegroundGroup) ? _outside.Settings.Span : []);
        if (_outside is not null && !Caller.Window.Equals(MemoryMarshal.Read<winsize>(_outside.Window.Span)))
        {
            _ = Libc.kill(-_images.Root.Process.Pid, Signal.SIGWINCH);
        }
    }

    /// <summary>The group that was in the foreground, where it is one of the job; that of the root is known by the root's ID now.</summary>
    private int ForegroundGroup()
    {
        var root = _images.Root.Process;
        var group = _outside?.ForegroundGroup ?? 0;
        return group != root.ProcessGroup && IsOfJob(group) ? group : root.Pid;
    }

    private bool IsOfJob(int group) =>
        _images.Processes.Any(process => process.Process.ProcessGroup == group && process.Process.Session == _images.Root.Process.Session);
}
