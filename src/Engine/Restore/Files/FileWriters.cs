using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Looks through all processes of the host for writers of files.</summary>
internal static class FileWriters
{
    /// <summary>The files, by path, that some process has open for writing, with one such process each.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="waiting">Descriptors that do not count, because their holders only wait (<see cref="WaitingProcesses"/>).</param>
    public static Dictionary<string, ProcessId> Find(IReadOnlySet<string> paths, IReadOnlyList<HeldDescriptor> waiting)
    {
        var isInside = HostProc.Hidden().Any();
        var passedOver = waiting.Select(held => (new ProcessId(held.Pid, IsOfHost: isInside), held.Number)).ToHashSet();
        var writers = new Dictionary<string, ProcessId>();
        foreach (var link in DescriptorLink.OfAllBut(new HashSet<ProcessId> { new(Libc.getpid()) }))
        {
            if (paths.Contains(link.Target) && !passedOver.Contains((link.Process, link.Number)) && ProcFs.TryFdInfo(link.Process, link.Number) is { } info
                && (info.Flags & FileFlag.O_ACCMODE) != FileFlag.O_RDONLY)
            {
                writers.TryAdd(link.Target, link.Process);
            }
        }

        return writers;
    }
}
