using System.Runtime.CompilerServices;
using System.Text;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Restore;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Worker;

/// <summary>System calls that the stub, or what was cloned from it, makes for us while namespaces are made. Precondition: runs on the tracer thread.</summary>
internal sealed class StubCalls : IDisposable
{
    // The stub has nothing else below 1 GiB but its program at 2 MiB.
    private const ulong GateAddress = 0x1000_0000;
    private const ulong TextBytes = 4096;
    private const ulong TextOffset = 128 * 1024;

    private readonly RemoteMemory _memory;
    private readonly Gate _gate;
    private readonly TimeSpan _timeout;
    private ulong _texts;

    private StubCalls(Tracee tracee, Gate gate, TimeSpan timeout)
    {
        Tracee = tracee;
        _memory = RemoteMemory.Open(tracee.Process);
        _gate = gate;
        _timeout = timeout;
    }

    /// <summary>Who makes the calls.</summary>
    public Tracee Tracee { get; }

    /// <summary>Maps a gate into the stub.</summary>
    public static StubCalls Of(Stub stub, TimeSpan timeout)
    {
        using (var injection = SyscallInjection.Through(stub.SyscallInstruction, stub.Tracee, stub.Tracee.GetRegisters(), 0, timeout, NoStep))
        {
            injection.Call(Sys.Mmap, GateAddress, Gate.Bytes, Gate.Protection, Gate.MapFlags | Memory.MAP_FIXED_NOREPLACE, ulong.MaxValue, 0)
                .OrThrow("mmap of the gate in the stub");
        }

        var gate = new Gate(new RemotePtr(GateAddress));
        stub.Memory.Write(gate.Base, GateCode.Bytes);
        return new StubCalls(stub.Tracee, gate, timeout);
    }

    /// <summary>Makes one call.</summary>
    public ulong Call(string what, Sys number, params ReadOnlySpan<ulong> arguments)
    {
        using var injection = SyscallInjection.Through(_gate, Tracee, Tracee.GetRegisters(), 0, _timeout, NoStep);
        _texts = 0;
        return injection.Call(number, arguments).OrThrow($"{what} for the namespaces of the job");
    }

    /// <summary>Clones whoever makes the calls; the clone is traced and stopped.</summary>
    public StubCalls Clone(in clone_args arguments)
    {
        var argumentsAt = _gate.Data + SyscallBatch.ArgumentsOffset;
        _memory.Write(argumentsAt, arguments);
        var id = checked((int)Call("clone3", Sys.Clone3, argumentsAt.Address, (ulong)Unsafe.SizeOf<clone_args>()));
        var tracee = Tracee.Adopt(new ThreadId(id), new ProcessId(id));
        return tracee.WaitForStop(_timeout)
            ? new StubCalls(tracee, _gate, _timeout)
            : throw new EngineException(EngineFailure.Failed, $"Process {id} died before it had entered the namespaces of the job.");
    }

    /// <summary>A string for the next call; its address.</summary>
    public ulong Text(string text)
    {
        var at = _gate.Data + TextOffset + (_texts++ * TextBytes);
        var bytes = Encoding.UTF8.GetBytes(text + '\0');
        Invariant.Require((ulong)bytes.Length <= TextBytes, $"{text} is too long for a path");
        _memory.Write(at, bytes);
        return at.Address;
    }

    /// <summary>Writes a text into a file that it can open.</summary>
    public void WriteFile(string path, string text)
    {
        var file = Call($"open of {path}", Sys.Open, Text(path), FileFlag.O_WRONLY, 0);
        Call($"write of {path}", Sys.Write, file, Text(text), (ulong)text.Length);
        Call($"close of {path}", Sys.Close, file);
    }

    /// <summary>Brings memory of ours into it; the address of the copy.</summary>
    public ulong Bring(Func<ulong, byte[]> build, int bytes)
    {
        var at = Call("mmap", Sys.Mmap, 0, (ulong)bytes, Memory.PROT_READ | Memory.PROT_WRITE, Memory.MAP_PRIVATE | Memory.MAP_ANONYMOUS, ulong.MaxValue, 0);
        _memory.Write(new RemotePtr(at), build(at));
        return at;
    }

    /// <summary>Lets it go with an execve(2), from which it does not come back. Precondition: the signal mask is what the program is to have.</summary>
    public void Execute(ulong path, ulong argv, ulong envp)
    {
        Tracee.SetRegisters(Tracee.GetRegisters().AboutToCall(_gate.CallCode, _gate.Frame, Sys.Execve, [path, argv, envp]));
        Tracee.SetOptions(0);
        Tracee.Detach();
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static void NoStep(string step)
    {
    }
}
