using System.Globalization;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Looks through all processes of the host for holders of a job's pipes; a pipe whose other end nobody holds was closed.</summary>
internal static class PipeHolders
{
    private const string LinkPrefix = "pipe:[";

    /// <summary>The pipes, by inode, that a process outside the job holds, with one holder of each.</summary>
    public static Dictionary<ulong, ProcessId> Outside(IReadOnlyList<ProcessId> job, IEnumerable<ulong> inodes)
    {
        var links = inodes.ToDictionary(inode => LinkPrefix + inode.ToString(CultureInfo.InvariantCulture) + "]", inode => inode);
        var inside = job.ToHashSet();
        var holders = new Dictionary<ulong, ProcessId>();
        foreach (var process in ProcFs.Processes().Where(process => !inside.Contains(process)))
        {
            foreach (var descriptor in ProcFs.TryFileDescriptors(process) ?? [])
            {
                var link = ProcFs.ReadLink(ProcFs.PathOf(process, "fd/" + descriptor.ToString(CultureInfo.InvariantCulture)));
                if (link is not null && links.TryGetValue(link, out var inode))
                {
                    holders.TryAdd(inode, process);
                }
            }
        }

        return holders;
    }
}
