using System.Runtime.InteropServices;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Makes the terminals of a job, and the open files of them. A slave of ours keeps each open until the job has its own.</summary>
internal sealed class TerminalBuilder(Files files, OpenedFiles opened, ShellJob shellJob, TimeSpan timeout) : IDisposable
{
    // Flags that open(2) takes; a master opened with others would have to be told from one that is not.
    private const int OpeningFlags = FileFlag.O_ACCMODE;

    private readonly TerminalMasters _makers = new(opened, timeout);
    private readonly Dictionary<uint, SafeFd> _masters = [];
    private readonly Dictionary<uint, SafeFd> _slaves = [];
    private readonly Dictionary<uint, SafeFd> _hungUp = [];
    private readonly List<OpenFile> _files = [.. files.OpenFiles.Where(file => file.Kind == OpenFile.Types.Kind.Terminal)];

    /// <summary>Makes all terminals, with their settings. To be called before the processes exist: a terminal becomes the controlling one of a session
    /// before children are born into that.</summary>
    public void Make()
    {
        MakePairs([.. files.Terminals.Where(terminal => terminal.HasMaster)]);
        foreach (var terminal in files.Terminals.Where(terminal => !terminal.IsOutside))
        {
            HangUp(terminal);
            if (terminal.HasMaster)
            {
                Equip(terminal);
            }
        }
    }

    /// <summary>A slave of ours; null where the slave was never opened.</summary>
    public SafeFd? SlaveOf(Terminal terminal) => _slaves.GetValueOrDefault(terminal.Id);

    /// <summary>The terminal of an image.</summary>
    public Terminal Find(uint id) => files.Terminals.FirstOrDefault(terminal => terminal.Id == id)
        ?? throw new EngineException(EngineFailure.BadImage, $"Terminal {id} is missing in the image of open files.");

    /// <summary>Opens a file of a terminal.</summary>
    /// <param name="file">The image.</param>
    /// <param name="processes">Processes of the job, with their controlling terminals.</param>
    public SafeFd Open(OpenFile file, IReadOnlyList<RestoredProcess> processes)
    {
        if (_hungUp.TryGetValue(file.Id, out var hungUp))
        {
            return hungUp;
        }

        var terminal = Find(file.Terminal.Terminal);
        var flags = (int)file.Flags;
        if (file.Terminal.End == TerminalFile.Types.End.Master)
        {
            var master = _masters[terminal.Id];
            LinuxException.ThrowIfFailed(Libc.fcntl(master.Number, FileFlag.F_SETFL, flags & ~FileFlag.O_ASYNC), "fcntl(F_SETFL) of a terminal");
            return master;
        }

        var name = terminal.IsOutside ? shellJob.Caller!.Path : TerminalNames.Of(terminal.Device);
        var holder = file.Terminal.End == TerminalFile.Types.End.Current ? HolderOf(terminal, processes) : null;
        return holder is null
            ? opened.Open(name, flags & DescriptorBuilder.KeptFlags)
            : opened.Keep(CurrentTerminal.Open(holder, flags & DescriptorBuilder.KeptFlags));
    }

    /// <summary>Sets what would have been in the way of the restore, and closes our slaves.</summary>
    public void Finish()
    {
        foreach (var terminal in files.Terminals.Where(terminal => terminal.HasMaster))
        {
            var master = _masters[terminal.Id];
            var node = TerminalNames.Of(terminal.Device);
            LinuxException.ThrowIfFailed(Libc.chown(node, terminal.Owner, terminal.Group), $"chown of {node}");
            LinuxException.ThrowIfFailed(Libc.chmod(node, terminal.Mode), $"chmod of {node}");
            if (SlaveOf(terminal) is { } slave)
            {
                new TerminalQueues(master, slave, Settings(terminal)).Put(terminal);
            }

            SetModes(terminal, master);
        }

        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var slave in _slaves.Values)
        {
            slave.Dispose();
        }
    }

    /// <summary>A process that has it as its controlling terminal.</summary>
    private RestoredProcess? HolderOf(Terminal terminal, IReadOnlyList<RestoredProcess> processes) =>
        terminal.IsOutside ? (shellJob.HasCallersTerminal ? processes[0] : null) : processes.FirstOrDefault(process => process.Id.Value == terminal.Session);

    private void MakePairs(IReadOnlyList<Terminal> terminals)
    {
        var wanted = terminals.ToDictionary(terminal => TerminalNames.NumberOf(terminal.Device), terminal => MasterFile(terminal) is { } file
            ? (file.Path.ToStringUtf8(), (int)file.Flags & OpeningFlags)
            : throw new EngineException(EngineFailure.BadImage, $"The master of terminal {terminal.Id} is missing in the image of open files."));
        var made = _makers.Open(wanted);
        foreach (var terminal in terminals)
        {
            _masters.Add(terminal.Id, made[TerminalNames.NumberOf(terminal.Device)]);
        }
    }

    private OpenFile? MasterFile(Terminal terminal) =>
        _files.Find(file => file.Terminal.Terminal == terminal.Id && file.Terminal.End == TerminalFile.Types.End.Master);

    /// <summary>Opens the files that were hung up, and hangs them up. Where the master is gone, that of ours goes too.</summary>
    private void HangUp(Terminal terminal)
    {
        var hungUp = _files.Where(file => file.Terminal.Terminal == terminal.Id && file.Terminal.IsHungUp).ToList();
        if (hungUp.Count == 0)
        {
            return;
        }

        var master = terminal.HasMaster ? _masters[terminal.Id] : OpenLost(terminal);
        var name = TerminalNames.Of(TerminalNames.Slave(unchecked((uint)TerminalCalls.TryNumber(master, TerminalRequest.TIOCGPTN)!.Value)));
        foreach (var file in hungUp)
        {
            _hungUp.Add(file.Id, opened.Open(name, (int)file.Flags & DescriptorBuilder.KeptFlags));
        }

        _ = TerminalCalls.Do(_hungUp[hungUp[0].Id], TerminalRequest.TIOCVHANGUP);
        if (!terminal.HasMaster)
        {
            master.Dispose();
        }
    }

    /// <summary>A master for files that are hung up: of their number where that is free, which only shows in their device number.</summary>
    private SafeFd OpenLost(Terminal terminal)
    {
        if (terminal.Device != 0 && !Path.Exists(TerminalNames.Of(terminal.Device)))
        {
            var number = TerminalNames.NumberOf(terminal.Device);
            if (_makers.TryOpen(number) is { } master)
            {
                return master;
            }
        }

        return _makers.OpenAny();
    }

    private void Equip(Terminal terminal)
    {
        var master = _masters[terminal.Id];
        if (terminal.WasOpened)
        {
            _slaves.Add(terminal.Id, opened.Open(TerminalNames.Of(terminal.Device), FileFlag.O_RDWR | FileFlag.O_NONBLOCK));
        }

        // Through either end these are the slave's.
        TerminalCalls.Set(master, Settings(terminal));
        TerminalCalls.SetLocked(master, terminal.LockedSettings.Span);
        TerminalCalls.SetWindow(master, MemoryMarshal.Read<winsize>(terminal.Window.Span));
    }

    private static termios2 Settings(Terminal terminal) => MemoryMarshal.Read<termios2>(terminal.Settings.Span);

    private void SetModes(Terminal terminal, SafeFd master)
    {
        if (terminal.IsPacketMode)
        {
            TerminalCalls.SetNumber(master, TerminalRequest.TIOCPKT, 1);
        }

        if (terminal.IsExclusive && SlaveOf(terminal) is { } slave)
        {
            _ = TerminalCalls.Do(slave, TerminalRequest.TIOCEXCL);
        }

        if (terminal.IsMasterExclusive)
        {
            _ = TerminalCalls.Do(master, TerminalRequest.TIOCEXCL);
        }

        if (terminal.IsLocked)
        {
            TerminalCalls.SetNumber(master, TerminalRequest.TIOCSPTLCK, 1);
        }
    }
}
