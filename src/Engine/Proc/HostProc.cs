using System.Globalization;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Proc;

/// <summary>
/// The /proc of the host, where we run in the PID namespace of a job: to find who outside of it holds what the job has. Ours shows only that namespace.
/// </summary>
internal static class HostProc
{
    /// <summary>Its directory, a path of ours; null where our own /proc shows the whole host. Set once, before any operation.</summary>
    public static string? Root { get; set; }

    /// <summary>The processes that our PID namespace does not show. Kernel threads and what ends meanwhile are passed over.</summary>
    public static IEnumerable<ProcessId> Hidden()
    {
        if (Root is null)
        {
            yield break;
        }

        var ours = ProcFs.ReadLink("/proc/self/ns/pid");
        foreach (var process in (ProcFile.TryListNumbers(Root) ?? []).Select(number => new ProcessId(number, IsOfHost: true)))
        {
            if (NamespaceOf(process) is { } theirs && theirs != ours)
            {
                yield return process;
            }
        }
    }

    /// <summary>The number of a process in the innermost PID namespace that it is in; null where it is gone.</summary>
    public static int? InnerPid(ProcessId process) => ProcFs.TryStatus(process)?.NSpid is [.., var inner] ? inner : null;

    private static string? NamespaceOf(ProcessId process)
    {
        try
        {
            return ProcFs.ReadLink(string.Create(CultureInfo.InvariantCulture, $"{Root}/{process.Value}/ns/pid"));
        }
        catch (EngineException exception) when (exception.Reason == EngineFailure.NotPermitted)
        {
            return null;
        }
    }
}
