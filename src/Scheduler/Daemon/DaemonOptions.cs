using System.ComponentModel.DataAnnotations;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>Options of the service. Section <c>Daemon</c> of the configuration.</summary>
public sealed class DaemonOptions : IValidatableObject
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Daemon";

    /// <summary>Dumps of different jobs that may be under way at once; 0 is one for every two processors, at least one. From 0 to 256.</summary>
    [Range(0, 256)]
    public int Dumps { get; set; }

    /// <summary>How often policy files and jobs are looked at again, for changes that nobody told. From 1 s to 1 hour.</summary>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>File that takes the logs beside standard error; a new one each day, the last 14 are kept. Empty for none.</summary>
    public string LogFile { get; set; } = "";

    /// <summary>How many dumps may be under way at once.</summary>
    internal int DumpsAtOnce => Dumps > 0 ? Dumps : Math.Max(1, Environment.ProcessorCount / 2);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (LookEvery < TimeSpan.FromSeconds(1) || LookEvery > TimeSpan.FromHours(1))
        {
            yield return new ValidationResult($"{nameof(LookEvery)} must be from 00:00:01 to 01:00:00.");
        }
    }
}
