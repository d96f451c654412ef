using System.Text.RegularExpressions;
using Checkpointer.CrashLab.Kit;
using Checkpointer.EndToEnd.Tests.Support;

namespace Checkpointer.CrashLab.Machine;

/// <summary>What a virtual machine has printed on its first serial line: messages of the kernel, of its init and of the service. Read from the file that QEMU appends to.</summary>
internal sealed class SerialLog(string path, Func<bool> isRunning)
{
    private const int TailLines = 40;

    /// <summary>All complete lines by now.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            if (!File.Exists(path))
            {
                return [];
            }

            using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return [.. file.ReadToEnd().Split('\n')[..^1].Select(line => line.TrimEnd('\r'))];
        }
    }

    /// <summary>Matches of an expression in all complete lines.</summary>
    public IReadOnlyList<Match> Matches(Regex expression) => [.. Lines.Select(line => expression.Match(line)).Where(match => match.Success)];

    /// <summary>Waits until the lines are as wanted.</summary>
    /// <exception cref="LabException">They are not in time, or the machine has ended before; with the last lines.</exception>
    public void WaitUntil(Func<IReadOnlyList<string>, bool> isWanted, TimeSpan timeLimit, string what)
    {
        var hasEnded = false;
        try
        {
            Wait.Until(
                () =>
                {
                    hasEnded = !isRunning(); // before looking at the lines, or its last words would be missed
                    return isWanted(Lines) || hasEnded;
                },
                timeLimit,
                () => what);
        }
        catch (TimeoutException)
        {
            throw new LabException($"after {timeLimit.TotalSeconds:F0} s: no {what}:\n{Tail()}");
        }

        if (hasEnded && !isWanted(Lines))
        {
            throw new LabException($"the virtual machine ended before {what}:\n{Tail()}");
        }
    }

    /// <summary>Its last lines.</summary>
    public string Tail() => string.Join('\n', Lines.TakeLast(TailLines));
}
