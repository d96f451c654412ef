using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>Interpreters that were started without knowing of us: their whole output is as if nothing had happened.</summary>
[Collection(KernelCollection.Name)]
[Trait("kind", "e2e")]
public sealed class ScriptTests
{
    private const int HashesPerBatch = 2000;

    // A chain of hashes: any lost or doubled step changes every later line.
    private const string PythonScript =
        """
        import hashlib, os, sys, time
        state, batch = b"start", 0
        with open(sys.argv[1] + "/chain.log", "w") as log:
            while not os.path.exists(sys.argv[1] + "/stop"):
                for _ in range(2000):
                    state = hashlib.sha256(state).digest()
                log.write(f"{batch} {state.hex()}\n")
                log.flush()
                batch += 1
                if batch == 40:
                    print("working", flush=True)
                time.sleep(0.01)
        print("done", flush=True)
        """;

    private const string BashBuiltins =
        """
        s=1; for ((i = 1; ; i++)); do
          ((s = (s * 31 + i) % 1000003)); ((i % 1000 == 0)) || continue
          echo "$i $s"; [[ -e $0/stop ]] && break
        done; echo done
        """;

    private const string BashWithSleep =
        """
        s=1; for ((i = 1; ; i++)); do
          ((s = (s * 31 + i) % 1000003))
          echo "$i $s"; [[ -e $0/stop ]] && break
          sleep 0.1
        done; echo done
        """;

    [RootFactWith("python3")]
    public void Recover_OfPython_ComputesAsUninterrupted()
    {
        using var session = Session.StartCommand(
            "python3", ["-c", PythonScript, "{directory}"], output => output.Contains("working", StringComparison.Ordinal));

        DumpAndRecover(session, rounds: 3);
        Stop(session);

        Assert.Equal("working\ndone\n", session.Job.Output);
        var log = File.ReadAllText(Path.Combine(session.Directory, "chain.log"));
        Assert.Equal(HashChain(batches: Lines(log)), log);
    }

    [RootFactWith("bash")]
    public void Recover_OfBashLoop_CountsAsUninterrupted()
    {
        using var session = Session.StartCommand("bash", ["-c", BashBuiltins, "{directory}"], output => output.Length > 0);

        DumpAndRecover(session, rounds: 2);
        Stop(session);

        Assert.Equal(CountedLines(Lines(session.Job.Output) - 1, every: 1000), session.Job.Output);
    }

    [RootFactWith("bash")]
    [Trait("resource", "tree")]
    public void Recover_OfBashLoopWithSleep_CountsAsUninterrupted()
    {
        using var session = Session.StartCommand("bash", ["-c", BashWithSleep, "{directory}"], output => output.Length > 0);

        DumpAndRecover(session, rounds: 2);
        Stop(session);

        Assert.Equal(CountedLines(Lines(session.Job.Output) - 1, every: 1), session.Job.Output);
    }

    private static void DumpAndRecover(Session session, int rounds)
    {
        for (var round = 1; round <= rounds; round++)
        {
            session.Dump(round);
            session.KillAndRecover(round);
        }
    }

    private static void Stop(Session session)
    {
        File.WriteAllText(Path.Combine(session.Directory, "stop"), "");
        Assert.Equal("exit code 0", session.Job.WaitExit().ToString());
    }

    private static int Lines(string text) => text.AsSpan().Count('\n');

    private static string HashChain(int batches)
    {
        var text = new StringBuilder();
        var state = "start"u8.ToArray();
        for (var batch = 0; batch < batches; batch++)
        {
            for (var i = 0; i < HashesPerBatch; i++)
            {
                state = SHA256.HashData(state);
            }

            text.Append(CultureInfo.InvariantCulture, $"{batch} {Convert.ToHexStringLower(state)}\n");
        }

        return text.ToString();
    }

    private static string CountedLines(int lines, int every)
    {
        var text = new StringBuilder();
        long s = 1;
        for (var i = 1; i <= lines * every; i++)
        {
            s = ((s * 31) + i) % 1000003;
            if (i % every == 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"{i} {s}\n");
            }
        }

        return text.Append("done\n").ToString();
    }
}
