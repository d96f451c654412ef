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
        var members = job.ToHashSet();
        foreach (var descriptor in DescriptorLink.OfAllBut(members))
        {
            foreach (var pipe in byTarget[descriptor.Target].Where(_ => !IsDescendant(descriptor.Process, members)))
            {
                holders.TryAdd(pipe, descriptor.Process);
            }
        }

        return holders;
    }

    /// <summary>True for a child that a process of the job made after its tree was looked at: the freeze will find it.</summary>
    public static bool IsDescendant(ProcessId process, IReadOnlySet<ProcessId> job)
    {
        while (ProcFs.TryStat(process) is { ParentPid: > 1 and var parent })
        {
            process = new ProcessId(parent);
            if (job.Contains(process))
            {
                return true;
            }
        }

        // One that ended meanwhile holds nothing.
        return ProcFs.TryStat(process) is null;
    }
}
