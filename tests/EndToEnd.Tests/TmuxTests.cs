using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>
/// A tmux server with a job in a pane: dumped, killed with all that is below it and recovered, it can be talked to by new clients, and the job
/// goes on. More rounds by CHECKPOINTER_ROUNDS.
/// </summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class TmuxTests
{
    // Counts, and adds what is typed.
    private const string Job = "n=0; while read -r word; do n=$((n + word)); echo \"sum $n\"; done";

    private static int Rounds => Repetition.Rounds(1);

    [RootFactWith("tmux")]
    public void Recover_OfAServer_ItsPaneGoesOn()
    {
        // In the foreground (-D), so that it is our child and the root; its socket is a path that clients know.
        using var session = Session.StartCommand("tmux", ["-D", "-S", "{directory}/socket", "-f", "/dev/null"], _ => true);
        var tmux = new Tmux(session);
        tmux.Run("new-session", "-d", "-x", "80", "-y", "24", "-s", "work", "bash", "-c", Job);
        tmux.Run("new-window", "-d", "-t", "work", "bash", "--norc", "-i");
        tmux.Type("work:0", "5");
        tmux.WaitFor("work:0", "sum 5");
        tmux.Type("work:1", "sleep 1000 & jobs; stty size");
        tmux.WaitFor("work:1", "24 80");
        for (var round = 1; round <= Rounds; round++)
        {
            session.Dump((2 * round) - 1);
            tmux.Type("work:0", "1");
            tmux.WaitFor("work:0", $"sum {5 + (11 * round) - 10}");
            session.Dump(2 * round);
            tmux.Type("work:0", "1000");
            tmux.WaitFor("work:0", $"sum {1005 + (11 * round) - 10}");
            session.KillAndRecover(2 * round);
            // What was typed after the dump has not happened.
            tmux.Type("work:0", "10");
            tmux.WaitFor("work:0", $"sum {5 + (11 * round)}");
            tmux.Type("work:1", $"echo round $(({round} + 100)); jobs");
            tmux.WaitFor("work:1", $"round {100 + round}");
        }

        tmux.Type("work:1", "kill %1; wait %1; echo ended $?");
        tmux.WaitFor("work:1", "ended 143");
    }

    /// <summary>Clients of the server.</summary>
    private sealed class Tmux(Session session)
    {
        /// <summary>Runs a command in the server, again until that takes it: it may not listen yet.</summary>
        public string Run(params string[] command)
        {
            CliResult? result = null;
            Wait.Until(
                () => (result = session.Cli.StartProgram(["tmux", "-S", $"{session.Directory}/socket", .. command]).Finish()).ExitCode == 0,
                Wait.Patience, () => $"{result}");
            return result!.Output;
        }

        public void Type(string pane, string line) => Run("send-keys", "-t", pane, line, "Enter");

        public void WaitFor(string pane, string text)
        {
            var screen = "";
            Wait.Until(
                () => (screen = Run("capture-pane", "-p", "-t", pane)).Split('\n').Any(line => line.TrimEnd() == text),
                Wait.Patience, () => $"no \"{text}\" in pane {pane}:\n{screen}");
        }
    }
}
