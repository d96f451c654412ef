namespace Checkpointer.Scheduler.Policies;

/// <summary>A policy of a file.</summary>
/// <param name="Name">Name of the file without <c>.json</c>.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Policy">What it says; <see cref="JobPolicy.From"/> is its name.</param>
internal sealed record PolicyFile(string Name, string Path, JobPolicy Policy);

/// <summary>Why a file is no policy.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Line">Where in it, from 1; 0 where the file as a whole cannot be read.</param>
/// <param name="Reason">A sentence without its end.</param>
/// <param name="KeepsOld">Whether what the file said before still holds.</param>
internal sealed record PolicyProblem(string Path, int Line, string Reason, bool KeepsOld)
{
    /// <inheritdoc/>
    public override string ToString()
        => FormattableString.Invariant($"{Path}{(Line > 0 ? $":{Line}" : "")}: {Reason}{(KeepsOld ? "; what it said before still holds" : "")}");
}
