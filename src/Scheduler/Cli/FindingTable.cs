using Checkpointer.Scheduler.Cli.Rendering;

namespace Checkpointer.Scheduler.Cli;

/// <summary>The table of what preflight found.</summary>
internal static class FindingTable
{
    private static readonly TableColumnView[] _columns = [new("PID", IsNumber: true), new("SEVERITY"), new("RESOURCE"), new("WHAT")];

    /// <summary>Writes it; nothing where there is no finding.</summary>
    public static void Write(Output output, IReadOnlyList<FindingLine> findings)
    {
        if (findings.Count > 0)
        {
            output.Table(
                _columns,
                [.. findings.Select(finding => new[]
                {
                    Quantity.Count(finding.Pid), finding.Severity, finding.Resource, finding.Sentence,
                })],
                whenEmpty: "");
        }
    }
}
