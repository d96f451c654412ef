using System.Globalization;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Proc;

/// <summary>A descriptor of some process, and what it refers to.</summary>
/// <param name="Process">Who has it.</param>
/// <param name="Number">Descriptor number.</param>
/// <param name="Target">Text of /proc/PID/fd/N.</param>
internal readonly record struct DescriptorLink(ProcessId Process, int Number, string Target)
{
    /// <summary>All descriptors of all processes but some. Processes that end meanwhile, or that we may not look into (they have rights
    /// that we lack), are passed over.</summary>
    public static IEnumerable<DescriptorLink> OfAllBut(IReadOnlySet<ProcessId> excluded)
    {
        foreach (var process in ProcFs.HostProcesses().Where(process => !excluded.Contains(process)))
        {
            foreach (var link in Of(process))
            {
                yield return link;
            }
        }
    }

    /// <summary>All descriptors of a process; none where it is gone, or we may not look into it.</summary>
    public static IReadOnlyList<DescriptorLink> Of(ProcessId process)
    {
        var links = new List<DescriptorLink>();
        try
        {
            foreach (var number in ProcFs.TryFileDescriptors(process) ?? [])
            {
                if (ProcFs.ReadLink(ProcFs.PathOf(process, "fd/" + number.ToString(CultureInfo.InvariantCulture))) is { } target)
                {
                    links.Add(new DescriptorLink(process, number, target));
                }
            }
        }
        catch (EngineException exception) when (exception.Reason == EngineFailure.NotPermitted)
        {
            return links;
        }

        return links;
    }
}
