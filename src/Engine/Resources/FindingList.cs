using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Collects what is not carried, or carried with a difference.</summary>
internal sealed class FindingList
{
    private readonly List<Finding> _findings = [];

    /// <summary>Refusals first, in the order of the processes.</summary>
    public IReadOnlyList<Finding> All => [.. _findings.OrderByDescending(finding => finding.Severity)];

    /// <summary>Only what stops a dump.</summary>
    public IReadOnlyList<Finding> Refusals => [.. _findings.Where(finding => finding.Severity == FindingSeverity.Refusal)];

    /// <summary>Only what does not.</summary>
    public IReadOnlyList<Finding> Notes => [.. _findings.Where(finding => finding.Severity == FindingSeverity.Note)];

    /// <summary>Adds a reason to refuse the dump.</summary>
    public void Refuse(ProcessId process, string resource, string sentence) =>
        _findings.Add(new Finding(process.Value, resource, sentence, FindingSeverity.Refusal));

    /// <summary>Adds a difference worth knowing.</summary>
    public void Note(ProcessId process, string resource, string sentence) =>
        _findings.Add(new Finding(process.Value, resource, sentence, FindingSeverity.Note));

    /// <summary>Throws where anything stops the dump.</summary>
    public void ThrowIfRefused()
    {
        if (Refusals is { Count: > 0 } refusals)
        {
            throw new UnsupportedResourceException(refusals);
        }
    }
}
