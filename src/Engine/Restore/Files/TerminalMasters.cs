using System.Diagnostics;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Makes pseudoterminals with the numbers that the job knows them by. The kernel gives the lowest free one, so all are opened up to the highest that is wanted,
/// and those that are not are closed again.
/// </summary>
/// <param name="opened">Keeps what is opened.</param>
/// <param name="timeout">Longest wait for a number: the kernel frees that of a killed job a moment after its death.</param>
internal sealed class TerminalMasters(OpenedFiles opened, TimeSpan timeout)
{
    private const uint PollMicroseconds = 1000;
    private const int Attempts = 4096; // kernel.pty.max as it comes

    /// <summary>Masters by the numbers of their slaves, unlocked.</summary>
    /// <param name="wanted">Numbers, with the path by which the job has opened the master, and its access mode.</param>
    public Dictionary<uint, SafeFd> Open(IReadOnlyDictionary<uint, (string Path, int Flags)> wanted)
    {
        var masters = new Dictionary<uint, SafeFd>();
        var start = Stopwatch.GetTimestamp();
        while (masters.Count < wanted.Count)
        {
            OpenAll(wanted, masters);
            if (wanted.Keys.FirstOrDefault(number => !masters.ContainsKey(number)) is var missing && masters.Count < wanted.Count)
            {
                RefuseWhereTaken(missing, Stopwatch.GetElapsedTime(start));
                _ = Libc.usleep(PollMicroseconds);
            }
        }

        return masters;
    }

    /// <summary>A master of one number; null where that is taken.</summary>
    public SafeFd? TryOpen(uint number)
    {
        var masters = new Dictionary<uint, SafeFd>();
        OpenAll(new Dictionary<uint, (string Path, int Flags)> { [number] = ("/dev/ptmx", FileFlag.O_RDWR) }, masters);
        return masters.GetValueOrDefault(number);
    }

    /// <summary>A master of any number.</summary>
    public SafeFd OpenAny()
    {
        var master = opened.Open("/dev/ptmx", FileFlag.O_RDWR);
        TerminalCalls.SetNumber(master, TerminalRequest.TIOCSPTLCK, 0);
        return master;
    }

    private void OpenAll(IReadOnlyDictionary<uint, (string Path, int Flags)> wanted, Dictionary<uint, SafeFd> masters)
    {
        var surplus = new List<SafeFd>();
        var (path, flags) = wanted.First(entry => !masters.ContainsKey(entry.Key)).Value;
        try
        {
            for (var attempt = 0; attempt < Attempts && masters.Count < wanted.Count; attempt++)
            {
                var master = OpenOne(path, flags, out var number);
                if (!wanted.TryGetValue(number, out var want))
                {
                    surplus.Add(master);
                    if (wanted.Keys.All(other => other < number || masters.ContainsKey(other)))
                    {
                        return;
                    }
                }
                else if (want == (path, flags))
                {
                    masters.Add(number, opened.Keep(master));
                }
                else
                {
                    // The right number by another name or in another mode: the next round opens it so.
                    (path, flags) = want;
                    master.Dispose();
                }
            }
        }
        finally
        {
            surplus.ForEach(master => master.Dispose());
        }
    }

    private static SafeFd OpenOne(string path, int flags, out uint number)
    {
        var master = OwnFd.Open(path, flags | FileFlag.O_NOCTTY);
        number = TerminalCalls.TryNumber(master, TerminalRequest.TIOCGPTN) is { } known ? unchecked((uint)known) : throw new LinuxException($"ioctl(TIOCGPTN) of {path}", LastError.Get());
        TerminalCalls.SetNumber(master, TerminalRequest.TIOCSPTLCK, 0);
        return master;
    }

    private void RefuseWhereTaken(uint number, TimeSpan waited)
    {
        if (waited < timeout)
        {
            return;
        }

        var name = TerminalNames.Of(TerminalNames.Slave(number));
        var holder = TerminalHolders.OfMaster(TerminalNames.Slave(number));
        throw new EngineException(
            EngineFailure.WorldChanged,
            $"The terminal {name}, which the job knows by that name, is another one by now{(holder is { } process ? $", made by process {process} ({Proc.ProcFs.TryStat(process)?.Comm})" : "")}.",
            "end the session in that terminal (see `who` and `ps -e`) and recover again");
    }
}
