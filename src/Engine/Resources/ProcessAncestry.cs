using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Tells children that a job has made since its tree was looked at from processes outside.</summary>
internal static class ProcessAncestry
{
    /// <summary>True for a child that a process of the job made after its tree was looked at: the freeze will find it.</summary>
    public static bool IsBelow(ProcessId process, IReadOnlySet<ProcessId> members)
    {
        // What is hidden from our PID namespace descends from nobody in it.
        while (!process.IsOfHost && ProcFs.TryStat(process) is { ParentPid: > 1 and var parent })
        {
            process = new ProcessId(parent);
            if (members.Contains(process))
            {
                return true;
            }
        }

        // One that ended meanwhile holds nothing.
        return ProcFs.TryStat(process) is null;
    }
}
