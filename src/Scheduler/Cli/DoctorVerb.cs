using System.CommandLine;
using Checkpointer.Engine;
using Checkpointer.Scheduler.Cli.Rendering;

namespace Checkpointer.Scheduler.Cli;

/// <summary><c>doctor</c>: what this host can do, tried by use.</summary>
internal sealed class DoctorVerb : Verb
{
    /// <summary>Makes the verb.</summary>
    public DoctorVerb()
        : base(
            "doctor",
            "Tries what dumps, restores and the store need from this host, and says how to mend what is missing.",
            "doctor",
            "doctor --store /scratch/checkpoints --json")
    {
    }

    /// <inheritdoc/>
    public override int Run(Invocation invocation, ParseResult arguments)
    {
        HostCapability[] capabilities = [.. invocation.Rooms.Engine.Probe(), .. new StoreProbe(invocation.Rooms).Probe()];
        CapabilityLine[] lines = [.. capabilities.Select(CapabilityLine.From)];
        foreach (CapabilityLine line in lines)
        {
            invocation.Output.Json(line, CliJson.Lines.CapabilityLine);
        }

        invocation.Output.Table(
            [new("NAME"), new("STATE"), new("DETAIL"), new("REMEDY")],
            [.. lines.Select(line => new[] { line.Name, line.State, line.Detail, line.Remedy ?? "" })],
            whenEmpty: "nothing to try");
        return Verdict(capabilities);
    }

    private static int Verdict(HostCapability[] capabilities)
    {
        if (capabilities.Any(capability => capability.State == CapabilityState.Missing))
        {
            return ExitCode.Failed;
        }

        return capabilities.Any(capability => capability.State == CapabilityState.Degraded) ? ExitCode.Warnings : ExitCode.Ok;
    }
}
