namespace Checkpointer.Engine.Tracing;

/// <summary>
/// Where a SIGKILL of this program is told apart by the kernel: before each request that changes a job, and after each report from it. A test ends the
/// tracer thread at each of these points in turn, which detaches its tracees exactly as the death of the process does.
/// </summary>
internal static class TracerDeath
{
    [ThreadStatic]
    private static Action? _point;

    /// <summary>Called at each point on this thread. Once it has thrown it must throw at every later point: the dead clean nothing up.</summary>
    internal static Action? Point
    {
        set => _point = value;
    }

    /// <summary>Marks a point.</summary>
    public static void MayCome() => _point?.Invoke();
}
