using System.Text.Json;

namespace Checkpointer.Scheduler.Control;

/// <summary>Body of <c>POST /v1/jobs</c>.</summary>
/// <param name="Name">Name for the job.</param>
/// <param name="Pid">Its root process; null for a cgroup.</param>
/// <param name="Cgroup">Its cgroup; null for a process.</param>
/// <param name="Policy">Its policy, as in a policy file; null for nothing said.</param>
internal sealed record RegisterWish(string Name, int? Pid, string? Cgroup, JsonElement? Policy);

/// <summary>Body of <c>POST /v1/jobs/NAME/dump</c>.</summary>
/// <param name="Stop">The job is stopped after it.</param>
/// <param name="ShellJob">As <c>--shell-job</c>; null for what the policy says.</param>
/// <param name="Tcp">As <c>--tcp</c>; null for what the policy says.</param>
internal sealed record DumpWish(bool Stop = false, bool? ShellJob = null, string? Tcp = null);

/// <summary>Body of <c>POST /v1/jobs/NAME/recover</c>.</summary>
/// <param name="Generation">Number of the only generation that may be restored; null for the newest good one.</param>
/// <param name="KeepFiles">Files are left as they are.</param>
/// <param name="PidNamespace">As <c>--pid-namespace</c>; null for what the configuration says.</param>
internal sealed record RecoverWish(long? Generation = null, bool KeepFiles = false, string? PidNamespace = null);
