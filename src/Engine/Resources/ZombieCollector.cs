using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>Takes ended children whose exit status their parent has not fetched.</summary>
internal static class ZombieCollector
{
    /// <summary>The zombies among <paramref name="zombies"/> whose parent is <paramref name="parent"/>.</summary>
    public static IEnumerable<Zombie> ChildrenOf(ProcessId parent, IReadOnlyList<ProcessId> zombies) =>
        from zombie in zombies
        let stat = ProcFs.TryStat(zombie)
        where stat is not null && stat.ParentPid == parent.Value
        select new Zombie
        {
            Pid = zombie.Value,
            ProcessGroup = stat.ProcessGroup,
            Session = stat.Session,
            WaitStatus = stat.ExitCode,
            ExitSignal = stat.ExitSignal,
            Name = ByteString.CopyFrom(stat.CommBytes.Span),
        };
}
