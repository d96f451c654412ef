using Checkpointer.Engine.Images;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>A terminal that the job holds an end of, or several.</summary>
/// <param name="Image">What is known of it.</param>
/// <param name="First">The descriptor by which it was found.</param>
internal sealed record TerminalUse(Terminal Image, OpenDescriptor First)
{
    /// <summary>A descriptor of the master; null where the job holds none.</summary>
    public OpenDescriptor? Master { get; set; }

    /// <summary>A descriptor of the slave that is not hung up; null where the job holds none.</summary>
    public OpenDescriptor? Slave { get; set; }

    /// <summary>/dev/pts/N, or another name of a terminal.</summary>
    public string Name => TerminalNames.Of(Image.Device);

    /// <summary>True where the job holds nothing of it but files that are hung up.</summary>
    public bool IsHungUp => Master is null && Slave is null;
}
