using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Looks through all processes of the host for holders of a job's pipes; a pipe whose other end nobody holds was closed.</summary>
internal static class PipeHolders
{
    /// <summary>The pipes that a process outside the job holds, with one holder of each.</summary>
    public static Dictionary<PipeUse, ProcessId> Outside(IReadOnlyList<ProcessId> job, IEnumerable<PipeUse> pipes)
    {
        var byTarget = pipes.ToLookup(pipe => pipe.Target);
        var holders = new Dictionary<PipeUse, ProcessId>();
        foreach (var descriptor in DescriptorLink.OfAllBut(job.ToHashSet()))
        {
            foreach (var pipe in byTarget[descriptor.Target])
            {
                holders.TryAdd(pipe, descriptor.Process);
            }
        }

        return holders;
    }
}
