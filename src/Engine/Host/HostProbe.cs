namespace Checkpointer.Engine.Host;

/// <summary>Tries what the engine needs from the host.</summary>
internal static class HostProbe
{
    /// <summary>All probes, in the order of a dump and a restore.</summary>
    public static IReadOnlyList<HostCapability> Run() => [];
}
