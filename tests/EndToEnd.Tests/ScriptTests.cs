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
    private const int Batches = 400;
    private const int HashesPerBatch = 2000;

    // A chain of hashes: any lost or doubled step changes every later line. Its pace makes it last over 4 s on any machine.
    private const string PythonScript =
        """
        import hashlib, sys, time
        state = b"start"
        with open(sys.argv[1], "w") as log:
            for batch in range(400):
                for _ in range(2000):
                    state = hashlib.sha256(state).digest()
                log.write(f"{batch} {state.hex()}\n")
                log.flush()
                if batch == 40:
                    print("working", flush=True)
                time.sleep(0.01)
        print("done", flush=True)
        """;

    private const string BashBuiltins =
        """
        s=1; for ((i = 1; i <= 600000; i++)); do ((s = (s * 31 + i) % 1000003)); ((i % 1000 == 0)) && echo "$i $s"; done; echo done
        """;

    private const string BashWithSleep =
        """
        s=1; for ((i = 1; i <= 60; i++)); do ((s = (s * 31 + i) % 1000003)); echo "$i $s"; sleep 0.1; done; echo done
        """;

    [RootFactWith("python3")]
    public void Recover_OfPython_ComputesAsUninterrupted()
    {
        using var session = Session.StartCommand(
            "python3", ["-c", PythonScript, "{directory}/chain.log"], output => output.Contains("working", StringComparison.Ordinal));

        for (var round = 1; round <= 3; round++)
        {
            session.Dump(round);
            session.KillAndRecover(round);
        }

        Assert.Equal(0, session.Job.WaitExit().Raw);
        Assert.Equal("working\ndone\n", session.Job.Output);
        Assert.Equal(HashChain(), File.ReadAllText(Path.Combine(session.Directory, "chain.log")));
    }

    [RootFactWith("bash")]
    public void Recover_OfBashLoop_CountsAsUninterrupted()
    {
        using var session = Session.StartCommand("bash", ["-c", BashBuiltins], output => output.Length > 0);

        session.Dump(1);
        session.KillAndRecover(1);

        Assert.Equal(0, session.Job.WaitExit().Raw);
        Assert.Equal(CountedLines(600000, 1000), session.Job.Output);
    }

    [RootFactWith("bash")]
    [Trait("resource", "tree")]
    public void Recover_OfBashLoopWithSleep_CountsAsUninterrupted()
    {
        using var session = Session.StartCommand("bash", ["-c", BashWithSleep], output => output.Length > 0);

        session.Dump(1);
        session.KillAndRecover(1);
        session.Dump(2);
        session.KillAndRecover(2);

        Assert.Equal(0, session.Job.WaitExit().Raw);
        Assert.Equal(CountedLines(60, 1), session.Job.Output);
    }

    private static string HashChain()
    {
        var text = new StringBuilder();
        var state = "start"u8.ToArray();
        for (var batch = 0; batch < Batches; batch++)
        {
            for (var i = 0; i < HashesPerBatch; i++)
            {
                state = SHA256.HashData(state);
            }

            text.Append(CultureInfo.InvariantCulture, $"{batch} {Convert.ToHexStringLower(state)}\n");
        }

        return text.ToString();
    }

    private static string CountedLines(int last, int every)
    {
        var text = new StringBuilder();
        long s = 1;
        for (var i = 1; i <= last; i++)
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
