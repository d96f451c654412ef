using System.Runtime.InteropServices;

namespace Checkpointer.Scheduler.Cli;

/// <summary>
/// Turns Ctrl-C and SIGTERM into a cancellation, so that a frozen job is thawed and a half-written generation is dropped before we end.
/// A later second one ends the process at once, as it would without us; the engine keeps the job safe from that too.
/// </summary>
internal sealed class Signals : IDisposable
{
    /// <summary>timeout(1) and batch systems send the same signal to the process and to its group: what comes so soon is an
    /// echo of the first, not a second wish.</summary>
    private static readonly TimeSpan _echo = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
#pragma warning disable CA2213 // Never disposed: a signal may be on its way in when we are, and the source holds nothing but memory.
    private readonly CancellationTokenSource _source = new();
#pragma warning restore CA2213
    private readonly TimeProvider _time;
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private readonly List<PosixSignalRegistration> _others = [];
    private Action<PosixSignal>? _handler;
    private long? _first;

    /// <summary>Starts to listen.</summary>
    public Signals(TimeProvider time)
    {
        _time = time;
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = Receive(context.Signal));
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => context.Cancel = Receive(context.Signal));
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>From now on signals are another's: these two, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2. None of them ends or cancels us any more.</summary>
    public void HandOver(Action<PosixSignal> handler)
    {
        const PosixSignal User1 = (PosixSignal)10;
        const PosixSignal User2 = (PosixSignal)12;
        lock (_lock)
        {
            _handler = handler;
            foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGHUP, PosixSignal.SIGQUIT, User1, User2])
            {
                _others.Add(PosixSignalRegistration.Create(signal, context => context.Cancel = Receive(context.Signal)));
            }
        }
    }

    private bool Receive(PosixSignal signal)
    {
        Action<PosixSignal>? handler;
        lock (_lock)
        {
            handler = _handler;
        }

        if (handler is null)
        {
            return Receive();
        }

        handler(signal);
        return true;
    }

    /// <summary>Takes one signal; called on the runtime's signal thread.</summary>
    /// <returns>True where the process goes on, to end by itself.</returns>
    internal bool Receive()
    {
        lock (_lock)
        {
            if (_first is long first)
            {
                return _time.GetElapsedTime(first) < _echo;
            }

            _first = _time.GetTimestamp();
        }

        _source.Cancel();
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _others.ForEach(registration => registration.Dispose());
    }
}
