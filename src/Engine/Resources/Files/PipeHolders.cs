using System.Globalization;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Looks through all processes of the host for holders of a job's pipes; a pipe whose other end nobody holds was closed.</summary>
internal static class PipeHolders
{
    /// <summary>The pipes, by inode, that a process outside the job holds, with one holder of each.</summary>
    public static Dictionary<ulong, ProcessId> Outside(IReadOnlyList<ProcessId> job, IEnumerable<ulong> inodes)
    {
        var links = inodes.ToDictionary(inode => string.Create(CultureInfo.InvariantCulture, $"pipe:[{inode}]"), inode => inode);
        var holders = new Dictionary<ulong, ProcessId>();
        foreach (var descriptor in DescriptorLink.OfAllBut(job.ToHashSet()))
        {
            if (links.TryGetValue(descriptor.Target, out var inode))
            {
                holders.TryAdd(inode, descriptor.Process);
            }
        }

        return holders;
    }
}
