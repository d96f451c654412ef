using System.Runtime.InteropServices;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;

namespace Checkpointer.Engine.Restore;

/// <summary>Gives a message queue its messages, and who sent and received last: that is what the next dump knows it by.</summary>
/// <param name="queue">What it is to become.</param>
/// <param name="processOf">A process of the job by PID; null where it is none or has ended.</param>
internal sealed class QueueFiller(SystemVQueue queue, Func<int, RestoredProcess?> processOf)
{
    // What a process under restore has room for in the gate. MSGMAX is 8192 unless somebody has raised it.
    private const int BytesMaxInGate = 128 * 1024;
    private readonly SystemVObject _object = queue.Object;

    /// <summary>Fills the queue, which exists.</summary>
    public void Fill()
    {
        SystemVCalls.Empty(_object.Id);
        // One whose limit was lowered holds more than it would take.
        SystemVCalls.SetQueue(_object, Math.Max(queue.BytesMax, (ulong)queue.Messages.Sum(message => message.Text.Length)));
        var sender = processOf(queue.LastSender);
        var receiver = processOf(queue.LastReceiver);
        if ((sender ?? receiver) is { } first)
        {
            Send(first, new SystemVMessage { Type = 1 });
            Receive(receiver ?? first);
        }

        for (var index = 0; index < queue.Messages.Count; index++)
        {
            var message = queue.Messages[index];
            var isLast = index == queue.Messages.Count - 1;
            if (isLast && sender is not null && message.Text.Length <= BytesMaxInGate)
            {
                Send(sender, message);
            }
            else
            {
                SystemVCalls.Send(_object.Id, message);
            }
        }

        SystemVCalls.SetQueue(_object, queue.BytesMax);
    }

    private void Send(RestoredProcess process, SystemVMessage message)
    {
        var bytes = new byte[sizeof(long) + message.Text.Length];
        MemoryMarshal.Write(bytes, message.Type);
        message.Text.CopyTo(bytes, sizeof(long));
        process.Memory.Write(process.Arguments, bytes);
        process.Call($"msgsnd({_object.Id})", Sys.Msgsnd, (ulong)_object.Id, process.Arguments.Address, (ulong)message.Text.Length, SystemVIpc.IPC_NOWAIT);
    }

    private void Receive(RestoredProcess process) =>
        process.Call($"msgrcv({_object.Id})", Sys.Msgrcv, (ulong)_object.Id, process.Arguments.Address, 0, 0, SystemVIpc.IPC_NOWAIT);
}
