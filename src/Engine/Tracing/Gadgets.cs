using System.Collections.Concurrent;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Tracing;

/// <summary>Code of a process that an injected thread gets home through, when there is no gate.</summary>
/// <param name="CallAndReturn">A system call that returns to the address on the stack.</param>
/// <param name="Sigreturn">A call of <c>rt_sigreturn</c>.</param>
internal readonly record struct Gadgets(RemotePtr CallAndReturn, RemotePtr Sigreturn)
{
    private const int WindowBytes = 256 * 1024;

    // What was found in a file is found again in every process that maps it, over all dumps of this program's life. It is a hint only: the bytes
    // are looked at each time before use.
    private static readonly ConcurrentDictionary<MappedCode, Found> _known = new();

    /// <summary>Looks for both in the code of a process, in libc first; null where one is missing.</summary>
    public static Gadgets? Find(IReadOnlyList<Vma> vmas, RemoteMemory memory)
    {
        RemotePtr? call = null;
        RemotePtr? sigreturn = null;
        foreach (var vma in vmas.Where(vma => vma.Executable && vma.Inode != 0).OrderBy(Unlikeliness))
        {
            var found = FoundIn(vma, memory);
            call ??= found.CallAndReturn is { } callAt ? new RemotePtr(vma.Start + callAt) : null;
            sigreturn ??= found.Sigreturn is { } sigreturnAt ? new RemotePtr(vma.Start + sigreturnAt) : null;
            if (call is not null && sigreturn is not null)
            {
                return new Gadgets(call.Value, sigreturn.Value);
            }
        }

        return null;
    }

    /// <summary>Searches the code of a running process, so that nothing is left to be searched for while it is frozen.</summary>
    public static void Prepare(ProcessId process)
    {
        try
        {
            if (ProcFs.TryMaps(process) is { Count: > 0 } vmas)
            {
                using var memory = RemoteMemory.Open(process);
                _ = Find(vmas, memory);
            }
        }
        catch (EngineException)
        {
            // It has ended, or may not be looked into: the freeze finds out by itself and says so.
        }
    }

    private static int Unlikeliness(Vma vma)
    {
        var name = Path.GetFileName(vma.Path.AsSpan());
        return name.StartsWith("libc.") || name.StartsWith("libc-") || name.StartsWith("ld-musl") ? 0 : 1;
    }

    private static Found FoundIn(Vma vma, RemoteMemory memory)
    {
        var code = new MappedCode(vma.DeviceMajor, vma.DeviceMinor, vma.Inode, vma.Offset, vma.Bytes);
        if (_known.TryGetValue(code, out var known) && IsThere(known, vma, memory))
        {
            return known;
        }

        var found = Search(vma, memory, out var isWhole);
        if (isWhole)
        {
            _known[code] = found;
        }

        return found;
    }

    private static bool IsThere(Found found, Vma vma, RemoteMemory memory) =>
        (found.CallAndReturn is not { } call || GadgetCode.IndexOfCallAndReturn(Look(vma.Start + call, memory)) == 0)
        && (found.Sigreturn is not { } sigreturn || GadgetCode.IndexOfSigreturn(Look(vma.Start + sigreturn, memory)) == 0);

    private static ReadOnlySpan<byte> Look(ulong address, RemoteMemory memory)
    {
        var bytes = new byte[GadgetCode.BytesMax];
        return bytes.AsSpan(0, memory.TryRead(new RemotePtr(address), bytes));
    }

    /// <param name="vma">Where.</param>
    /// <param name="memory">Of the process.</param>
    /// <param name="isWhole">False where something could not be read, as of a process that was just killed: what was not found may be there all the same.</param>
    private static Found Search(Vma vma, RemoteMemory memory, out bool isWhole)
    {
        isWhole = true;
        var found = default(Found);
        var window = new byte[WindowBytes];
        // Windows overlap, so that nothing that lies across a border is missed.
        for (var offset = 0ul; offset < vma.Bytes && !found.IsComplete; offset += WindowBytes - GadgetCode.BytesMax + 1)
        {
            var wanted = (int)Math.Min(WindowBytes, vma.Bytes - offset);
            var code = window.AsSpan(0, memory.TryRead(new RemotePtr(vma.Start + offset), window.AsSpan(0, wanted)));
            isWhole &= code.Length == wanted;
            found = new Found(
                found.CallAndReturn ?? At(offset, GadgetCode.IndexOfCallAndReturn(code)),
                found.Sigreturn ?? At(offset, GadgetCode.IndexOfSigreturn(code)));
        }

        return found;
    }

    private static ulong? At(ulong offset, int index) => index < 0 ? null : offset + (ulong)index;

    private readonly record struct MappedCode(uint DeviceMajor, uint DeviceMinor, ulong Inode, ulong Offset, ulong Bytes);

    /// <summary>Offsets in a mapping.</summary>
    private readonly record struct Found(ulong? CallAndReturn, ulong? Sigreturn)
    {
        public bool IsComplete => CallAndReturn is not null && Sigreturn is not null;
    }
}
