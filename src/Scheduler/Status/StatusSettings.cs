using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Checkpointer.Scheduler.Status;

/// <summary>Options of the status page. Section <c>Status</c> of the configuration.</summary>
public sealed class StatusSettings : IValidatableObject
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Status";

    /// <summary>Loopback address and port where the service shows the page and its metrics, such as <c>127.0.0.1:9469</c>. Defaults to none: nothing listens.</summary>
    public string Address { get; set; } = "";

    /// <summary>The same, read; null for none.</summary>
    internal IPEndPoint? EndPoint => Address.Length > 0 && IPEndPoint.TryParse(Address, out IPEndPoint? endPoint) ? endPoint : null;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Address.Length > 0 && (EndPoint is not { } endPoint || !IPAddress.IsLoopback(endPoint.Address)))
        {
            yield return new ValidationResult($"{nameof(Address)} must be a loopback address with a port, such as 127.0.0.1:9469, or empty.");
        }
    }
}
