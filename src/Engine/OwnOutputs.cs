using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine;

/// <summary>
/// Our standard output and error. Where they are files that a job writes, too, a restore may have cut them back, and the job wrote on through a position of its own: what we, and
/// whoever shares ours (the shell that opened it), write next is to land behind it.
/// </summary>
public static class OwnOutputs
{
    private static readonly int[] _streams = [1, 2];

    /// <summary>Moves to the ends of those that are regular files.</summary>
    public static void MoveToEnds()
    {
        const int End = 2; // SEEK_END
        foreach (var number in _streams)
        {
            if (FileStat.TryOf(ProcFs.PathOf(new ProcessId(Environment.ProcessId), $"fd/{number}")) is { Type: FileFlag.S_IFREG })
            {
                LinuxException.ThrowIfFailed((nint)Libc.lseek64(number, 0, End), $"lseek of descriptor {number}");
            }
        }
    }
}
