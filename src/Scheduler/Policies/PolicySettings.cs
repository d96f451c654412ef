using System.ComponentModel.DataAnnotations;

namespace Checkpointer.Scheduler.Policies;

/// <summary>Options of policies. Section <c>Policies</c> of the configuration.</summary>
public sealed class PolicySettings
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Policies";

    /// <summary>Directory of the policy files. Defaults to <c>/etc/checkpointer/policies</c>: what an administrator writes is under /etc (hier(7)).</summary>
    [Required]
    public string Directory { get; set; } = "/etc/checkpointer/policies";
}
