using System.ComponentModel.DataAnnotations;
using Checkpointer.Scheduler.Policies;

namespace Checkpointer.Scheduler.Upkeep;

/// <summary>Options of what the service does for its store by itself. Section <c>Upkeep</c> of the configuration.</summary>
public sealed class UpkeepOptions : IValidatableObject
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Upkeep";

    /// <summary>When a share of the store is verified, as <see cref="ScheduleText.Rule"/> says.</summary>
    [Required]
    public string VerifySchedule { get; set; } = "calendar 3:00";

    /// <summary>How much of it: <c>5%</c>, <c>1/7</c>.</summary>
    [Required]
    public string VerifyShare { get; set; } = "1/7";

    /// <summary>Most bytes per second that such a verify reads; 0 for as fast as it goes.</summary>
    [Range(0L, 1L << 40)]
    public long VerifyBytesPerSecond { get; set; } = 64 << 20;

    /// <summary>When the space of generations that were forgotten is given back, as <see cref="ScheduleText.Rule"/> says.</summary>
    [Required]
    public string CollectSchedule { get; set; } = "every 1h";

    /// <summary>The share as a number.</summary>
    internal double Share => StoreShare.TryParse(VerifyShare, out double share) ? share : 1;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
    [
        .. Schedule(nameof(VerifySchedule), VerifySchedule),
        .. Schedule(nameof(CollectSchedule), CollectSchedule),
        .. StoreShare.TryParse(VerifyShare, out _) ? [] : new[] { new ValidationResult($"{nameof(VerifyShare)}: '{VerifyShare}' is no share: {StoreShare.Rule}.") },
    ];

    private static IEnumerable<ValidationResult> Schedule(string name, string text)
    {
        string? why = null;
        try
        {
            _ = ScheduleText.Read(text, "", TimeZoneInfo.Utc);
        }
        catch (FormatException malformed)
        {
            why = malformed.Message;
        }

        return why is null ? [] : [new ValidationResult($"{name}: {why}.")];
    }
}
