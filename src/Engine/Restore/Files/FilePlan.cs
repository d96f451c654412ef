using Checkpointer.Engine.Images;

namespace Checkpointer.Engine.Restore;

/// <summary>What a restore does with the files of a job, decided before anything is changed.</summary>
/// <param name="Steps">One for each file that differs.</param>
/// <param name="Directories">Directories that have to be made for them, parents first.</param>
internal sealed record FilePlan(IReadOnlyList<FileStep> Steps, IReadOnlyList<ParentDirectory> Directories)
{
    /// <summary>What it would do and found different.</summary>
    public IReadOnlyList<FileChange> Preview => [.. Steps.Select(step => step.Report(isDone: false))];
}
