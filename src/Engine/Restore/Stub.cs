using System.Buffers.Binary;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// The process from which a job is restored: a minimal ELF program of ours in a memfd, that waits for ever and dies with the tracer
/// thread (PR_SET_PDEATHSIG until it is traced, PTRACE_O_EXITKILL then). It is our child and is reaped here.
/// </summary>
internal sealed class Stub : IDisposable
{
    private const int TraceOptions = Ptrace.PTRACE_O_TRACESYSGOOD | Ptrace.PTRACE_O_EXITKILL
        | Ptrace.PTRACE_O_TRACEFORK | Ptrace.PTRACE_O_TRACEVFORK | Ptrace.PTRACE_O_TRACECLONE;

    private Stub(Tracee tracee)
    {
        Tracee = tracee;
        Memory = RemoteMemory.Open(tracee.Process);
    }

    /// <summary>The stopped stub.</summary>
    public Tracee Tracee { get; }

    /// <summary>Its memory.</summary>
    public RemoteMemory Memory { get; }

    /// <summary>A system call instruction of its own.</summary>
    public RemotePtr SyscallInstruction { get; } = new(StubProgram.SyscallAddress);

    /// <summary>What the init of a private PID namespace runs.</summary>
    public static RemotePtr InitCode { get; } = new(StubProgram.InitAddress);

    /// <summary>Starts and stops it. Precondition: runs on the tracer thread.</summary>
    public static Stub Start(TimeSpan timeout)
    {
        var process = Spawn();
        try
        {
            var tracee = Tracee.TrySeize(process.Leader, process, TraceOptions)
                ?? throw new EngineException(EngineFailure.Failed, $"The restore stub {process} died before it could be traced.");
            tracee.Interrupt();
            return tracee.WaitForStop(timeout)
                ? new Stub(tracee)
                : throw new EngineException(EngineFailure.Failed, $"The restore stub {process} died while it was being stopped.");
        }
        catch
        {
            Children.KillAndReap(process);
            throw;
        }
    }

    /// <summary>Starts it without tracing it. It is our child and waits for ever, or until this thread ends.</summary>
    public static unsafe ProcessId Spawn()
    {
        using var program = StubProgram.Create();
        var path = System.Text.Encoding.UTF8.GetBytes($"/proc/self/fd/{program.Number}\0");
        var pid = 0;
        fixed (byte* pathBytes = path)
        {
            var argv = stackalloc byte*[2] { pathBytes, null };
            var envp = stackalloc byte*[1] { null };
            var error = Libc.posix_spawn(&pid, pathBytes, 0, 0, argv, envp);
            if (error != 0)
            {
                throw new LinuxException("posix_spawn of the restore stub", (Errno)error);
            }
        }

        return new ProcessId(pid);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Memory.Dispose();
        Children.KillAndReap(Tracee.Process);
    }
}

/// <summary>The stub's ELF program (elf(5)): one segment, no libraries, no data.</summary>
internal static class StubProgram
{
    // Low, so that it is far from anything that a job has mapped; it is unmapped before the job's mappings are made.
    private const ulong LoadAddress = 0x0020_0000;
    private const int HeaderBytes = 64;
    private const int ProgramHeaderBytes = 56;
    private const int CodeOffset = HeaderBytes + (2 * ProgramHeaderBytes);
    private const int SyscallOffset = 15;

    /// <summary>Address of its first system call instruction.</summary>
    public const ulong SyscallAddress = LoadAddress + CodeOffset + SyscallOffset;

    /// <summary>Address of <see cref="InitCode"/>, behind the stub's own code.</summary>
    public static ulong InitAddress => LoadAddress + CodeOffset + (ulong)Code.Length;

    /// <summary>Name of the memfd that the program is in, as /proc/PID/exe shows it.</summary>
    public const string Name = "checkpointer-restore";

    private static ReadOnlySpan<byte> Code =>
    [
        0xbf, 0x01, 0x00, 0x00, 0x00,   // mov edi, PR_SET_PDEATHSIG
        0xbe, 0x09, 0x00, 0x00, 0x00,   // mov esi, SIGKILL
        0xb8, 0x9d, 0x00, 0x00, 0x00,   // mov eax, prctl
        0x0f, 0x05,                     // syscall
        0xb8, 0x22, 0x00, 0x00, 0x00,   // wait: mov eax, pause
        0x0f, 0x05,                     // syscall
        0xeb, 0xf7,                     // jmp wait
    ];

    /// <summary>Writes the program into a memfd.</summary>
    public static unsafe SafeFd Create()
    {
        var number = Libc.memfd_create(Name, FileFlag.MFD_CLOEXEC | FileFlag.MFD_EXEC);
        if (number < 0 && LastError.Get() == Errno.EINVAL)
        {
            // Before Linux 6.3 every memfd is executable and MFD_EXEC is unknown.
            number = Libc.memfd_create(Name, FileFlag.MFD_CLOEXEC);
        }

        LinuxException.ThrowIfFailed(number, "memfd_create of the restore stub");
        var fd = new SafeFd(number);
        var program = Build();
        fixed (byte* bytes = program)
        {
            var written = Libc.write(number, bytes, (nuint)program.Length);
            LinuxException.ThrowIfFailed(written, "write of the restore stub");
            Invariant.Require(written == program.Length, "the restore stub was written in part");
        }

        return fd;
    }

    private static byte[] Build()
    {
        var program = new byte[CodeOffset + Code.Length + InitCode.Bytes.Length];
        var span = program.AsSpan();
        // 64-bit, little-endian, version 1, System V; ET_EXEC for EM_X86_64.
        ((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0]).CopyTo(span);
        BinaryPrimitives.WriteUInt16LittleEndian(span[16..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(span[18..], 62);
        BinaryPrimitives.WriteUInt32LittleEndian(span[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(span[24..], LoadAddress + CodeOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(span[32..], HeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(span[52..], HeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(span[54..], ProgramHeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(span[56..], 2);
        // PT_LOAD, readable and executable, the whole file; PT_GNU_STACK, readable and writable.
        WriteSegment(span[HeaderBytes..], 1, 5, (ulong)program.Length);
        WriteSegment(span[(HeaderBytes + ProgramHeaderBytes)..], 0x6474e551, 6, 0);
        Code.CopyTo(span[CodeOffset..]);
        InitCode.Bytes.CopyTo(span[(CodeOffset + Code.Length)..]);
        return program;
    }

    private static void WriteSegment(Span<byte> target, uint type, uint flags, ulong bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, type);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], flags);
        var address = bytes == 0 ? 0 : LoadAddress;
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(target[40..], bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(target[48..], bytes == 0 ? 16ul : 4096ul);
    }
}
