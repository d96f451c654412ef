using Checkpointer.Engine.Interop;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// Lets the calling thread go first while threads of a job are let go one by one: those that run already would take the processor from us, and the
/// others would wait for it. Undone at disposal, on the same thread.
/// </summary>
internal sealed class Urgency : IDisposable
{
    private const int MostUrgent = -20;

    private readonly int _before = Libc.getpriority(ProcessPriority.PRIO_PROCESS, Libc.gettid());

    // Without CAP_SYS_NICE it fails, and the thaw takes a little longer.
    public Urgency() => _ = Libc.setpriority(ProcessPriority.PRIO_PROCESS, Libc.gettid(), MostUrgent);

    /// <inheritdoc/>
    public void Dispose() => _ = Libc.setpriority(ProcessPriority.PRIO_PROCESS, Libc.gettid(), _before);
}
