using Checkpointer.Engine.Images;

namespace Checkpointer.Engine.Restore;

/// <summary>Gives sessions their controlling terminals, and terminals their foreground groups.</summary>
internal sealed class ControllingTerminals(Files files, TerminalBuilder terminals)
{
    /// <summary>Gives a new session its terminal. To be called before other processes are born into the session: they inherit it.</summary>
    public void Give(RestoredProcess leader)
    {
        foreach (var terminal in files.Terminals.Where(terminal => terminal.Session == leader.Id.Value))
        {
            CurrentTerminal.Take(leader, terminals.SlaveOf(terminal)
                ?? throw new EngineException(EngineFailure.BadImage, $"Terminal {terminal.Id} has a session and was never opened."));
        }
    }

    /// <summary>Has processes leave what they inherited, and puts groups in the foreground. Precondition: all processes are in their groups.</summary>
    public void Complete(IReadOnlyList<RestoredProcess> processes)
    {
        var byId = processes.ToDictionary(process => process.Id.Value);
        foreach (var terminal in files.Terminals.Where(terminal => terminal.Session != 0))
        {
            foreach (var process in terminal.Detached.Select(byId.GetValueOrDefault).OfType<RestoredProcess>())
            {
                CurrentTerminal.Leave(process);
            }

            if (Exists(terminal, processes))
            {
                CurrentTerminal.SetForeground(byId[terminal.Session], terminal.ForegroundGroup);
            }
        }
    }

    /// <summary>False for a group that had ended: then the leader's own stays in the foreground.</summary>
    private static bool Exists(Terminal terminal, IReadOnlyList<RestoredProcess> processes) => processes.Select(process => process.Images.Process).Any(image =>
        (image.Session == terminal.Session && image.ProcessGroup == terminal.ForegroundGroup)
        || image.Zombies.Any(zombie => zombie.Session == terminal.Session && zombie.ProcessGroup == terminal.ForegroundGroup));
}
