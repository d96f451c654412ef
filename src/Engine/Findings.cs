namespace Checkpointer.Engine;

/// <summary>How much a finding matters.</summary>
public enum FindingSeverity
{
    /// <summary>The state is carried with a difference that is worth knowing.</summary>
    Note,

    /// <summary>The state is not carried: a dump is refused.</summary>
    Refusal,
}

/// <summary>One thing in a process that the engine does not carry, or carries with a difference.</summary>
/// <param name="Pid">Process that has it.</param>
/// <param name="Resource">Kind of kernel resource, one lower-case word such as <c>socket</c>; stable, for programs.</param>
/// <param name="Sentence">What it is and what to do, for a person.</param>
/// <param name="Severity">Whether it stops a dump.</param>
public sealed record Finding(int Pid, string Resource, string Sentence, FindingSeverity Severity);

/// <summary>Everything that preflight found in a job.</summary>
/// <param name="Pid">Root process.</param>
/// <param name="Command">Its command line, arguments joined by spaces.</param>
/// <param name="Processes">Number of processes in the tree.</param>
/// <param name="Threads">Number of threads in the tree.</param>
/// <param name="PopulatedBytes">Resident and swapped memory in bytes, summed over the tree.</param>
/// <param name="Findings">Refusals first.</param>
public sealed record PreflightReport(
    int Pid, string Command, int Processes, int Threads, long PopulatedBytes, IReadOnlyList<Finding> Findings)
{
    /// <summary>True where nothing stops a dump.</summary>
    public bool CanDump => Findings.All(finding => finding.Severity != FindingSeverity.Refusal);
}
