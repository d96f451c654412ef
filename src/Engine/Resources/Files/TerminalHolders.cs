using System.Globalization;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Looks through all processes of the host for holders of a job's own terminals.</summary>
internal static class TerminalHolders
{
    private const string IndexKey = "tty-index:";

    /// <summary>Refuses terminals of which a process outside of the job holds an end, too.</summary>
    public static void Refuse(IReadOnlyList<ProcessId> job, IReadOnlyList<TerminalUse> terminals, FindingList findings)
    {
        if (terminals.Count == 0)
        {
            return;
        }

        var byName = terminals.ToDictionary(use => use.Name);
        var members = job.ToHashSet();
        foreach (var link in DescriptorLink.OfAllBut(members))
        {
            if (NameOf(link) is { } name && byName.Remove(name, out var use) && !ProcessAncestry.IsBelow(link.Process, members))
            {
                findings.Refuse(
                    use.First.Process, "terminal",
                    $"{name}, a terminal that process {use.First.Process} made, is also held by process {link.Process} ({ProcFs.TryStat(link.Process)?.Comm ?? "gone"}), outside the job; that is not carried.");
            }
        }
    }

    /// <summary>The process that holds the master of a terminal; null where none that we may look into does.</summary>
    public static ProcessId? OfMaster(ulong device)
    {
        var name = TerminalNames.Of(device);
        foreach (var link in DescriptorLink.OfAllBut(new HashSet<ProcessId> { new(Environment.ProcessId) }).Where(link => IsMaster(link) && NameOf(link) == name))
        {
            return link.Process;
        }

        return null;
    }

    private static bool IsMaster(DescriptorLink link) => link.Target is "/dev/ptmx" or $"{TerminalNames.Directory}/ptmx";

    private static string? NameOf(DescriptorLink link)
    {
        if (!IsMaster(link))
        {
            return link.Target.StartsWith(TerminalNames.Directory, StringComparison.Ordinal) ? link.Target : null;
        }

        var index = ProcFs.TryFdInfo(link.Process, link.Number)?.Special.FirstOrDefault(line => line.StartsWith(IndexKey, StringComparison.Ordinal));
        return index is null ? null : TerminalNames.Of(TerminalNames.Slave(uint.Parse(index.AsSpan(IndexKey.Length).Trim(), CultureInfo.InvariantCulture)));
    }
}
