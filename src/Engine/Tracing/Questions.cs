using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>
/// System calls by which a frozen thread tells of itself and of its process what /proc does not show. It makes all of them in one go: going there and back takes longer than
/// any of them, and the job stands still.
/// </summary>
/// <param name="gate">The gate of the process; its data area takes the answers.</param>
internal sealed class Questions(Gate gate)
{
    private const int Alignment = sizeof(ulong);

    private readonly SyscallBatch _calls = new();
    private readonly List<Action<byte[]>> _answers = [];
    private int _bytes;

    private RemotePtr Room => gate.Data + SyscallBatch.ArgumentsOffset;

    /// <summary>Asks by a call whose result is the answer.</summary>
    public void Ask(string what, Sys number, ReadOnlySpan<ulong> arguments, Action<ulong> answer)
    {
        var index = _calls.Count;
        _calls.Add(what, number, arguments);
        _answers.Add(_ => answer(_calls.ResultOf(index).OrThrow(what)));
    }

    /// <summary>Asks by a call that this kernel may not have.</summary>
    public void Try(string what, Sys number, ReadOnlySpan<ulong> arguments, Action<RemoteResult> answer)
    {
        var index = _calls.Count;
        _calls.AddTry(what, number, arguments);
        _answers.Add(_ => answer(_calls.ResultOf(index)));
    }

    /// <summary>Asks by a call that writes the answer to where one of its arguments points.</summary>
    /// <param name="what">Names it in the error.</param>
    /// <param name="number">The call.</param>
    /// <param name="arguments">Its arguments, given that address.</param>
    /// <param name="answer">Receives the answer.</param>
    public void AskFor<T>(string what, Sys number, Func<ulong, ulong[]> arguments, Action<T> answer)
        where T : unmanaged
    {
        var offset = _bytes;
        _bytes += (Unsafe.SizeOf<T>() + Alignment - 1) / Alignment * Alignment;
        _calls.Add(what, number, arguments((Room + (ulong)offset).Address));
        _answers.Add(bytes => answer(MemoryMarshal.Read<T>(bytes.AsSpan(offset))));
    }

    /// <summary>Puts the questions to a thread, and hands out the answers in their order. Precondition: the gate is open, and no injection is.</summary>
    /// <param name="process">Its process.</param>
    /// <param name="thread">The thread.</param>
    /// <param name="status">Its /proc/PID/task/TID/status.</param>
    public void Put(FrozenProcess process, FrozenThread thread, ProcStatus status)
    {
        var bytes = new byte[_bytes];
        using (var injection = process.Inject(thread))
        {
            injection.Run(_calls, gate, process.Memory, QuietSignal.Of(thread, status));
            process.Memory.Read(Room, bytes);
        }

        _answers.ForEach(answer => answer(bytes));
    }
}
