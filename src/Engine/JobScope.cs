using Checkpointer.Engine.Support;

namespace Checkpointer.Engine;

/// <summary>Which processes are a job: one and its descendants, or those of a cgroup and their descendants.</summary>
public sealed record JobScope
{
    private JobScope(ProcessId? root, string? cgroup)
    {
        Root = root;
        Cgroup = cgroup;
    }

    /// <summary>The first process; null for a cgroup, whose first process is the oldest.</summary>
    public ProcessId? Root { get; }

    /// <summary>Absolute path of a cgroup's directory, of cgroup v2 or of one hierarchy of v1; null for a process.</summary>
    public string? Cgroup { get; }

    /// <summary>A process and its descendants.</summary>
    public static JobScope FromProcessId(ProcessId root) => new(root, null);

    /// <summary>The processes of a cgroup, of those below it, and their descendants.</summary>
    public static JobScope FromCgroup(string directory) => new(null, directory);

    /// <summary>A process and its descendants.</summary>
    public static implicit operator JobScope(ProcessId root) => FromProcessId(root);

    /// <inheritdoc/>
    public override string ToString() => Root is { } root ? $"process {root}" : $"cgroup {Cgroup}";
}
