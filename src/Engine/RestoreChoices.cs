namespace Checkpointer.Engine;

/// <summary>What whoever restores a generation decides.</summary>
/// <param name="Terminal">Where the job goes on; null where it is to lead a session of its own.</param>
/// <param name="KeepFiles">Files are left as they are; what differs is told.</param>
/// <param name="PidNamespace">In place of <see cref="EngineOptions.PidNamespace"/>; null: as that says.</param>
/// <param name="IsCopy">The job, or another copy of it, may run: a file that somebody else has open for writing is refused, also where it does not differ.</param>
/// <param name="Waiting">What processes have open that only wait for the job, and write nothing meanwhile: <see cref="WaitingProcesses.DescriptorsOf"/>; null: nothing.</param>
public sealed record RestoreChoices(
    CallerTerminal? Terminal = null, bool KeepFiles = false, PidNamespaceChoice? PidNamespace = null, bool IsCopy = false, IReadOnlyList<HeldDescriptor>? Waiting = null)
{
    /// <summary>Nothing in particular.</summary>
    public static RestoreChoices Default { get; } = new();

    /// <summary>Nothing of the files is changed.</summary>
    internal static RestoreChoices AsFilesAre { get; } = new(KeepFiles: true);
}
