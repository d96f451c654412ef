using System.Collections;
using System.Runtime.InteropServices;
using System.Text;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine;

/// <summary>
/// Starts programs as our children by posix_spawn(3), never by <c>System.Diagnostics.Process</c>, whose handling of SIGCHLD eats ptrace stops. Each leads a session of its own, so
/// that it outlives us, with the default actions of all signals, none blocked, and no descriptors but the three streams.
/// </summary>
public static class ProcessLauncher
{
    // The types are opaque: 80 and 336 bytes in glibc on x86-64, 128 for sigset_t. The rest is room for others.
    private const int OpaqueBytes = 512;
    private const uint OwnerOnly = 0x180; // 0600
    private const int FirstOther = 3; // descriptors behind the three streams

    /// <summary>Starts a program.</summary>
    /// <exception cref="EngineException">It could not be started.</exception>
    public static unsafe ProcessIdentity Start(LaunchRequest request)
    {
        var actions = stackalloc byte[OpaqueBytes];
        var attributes = stackalloc byte[OpaqueBytes];
        Check(Libc.posix_spawn_file_actions_init(actions), request);
        Check(Libc.posix_spawnattr_init(attributes), request);
        try
        {
            SetFiles(actions, request);
            SetAttributes(attributes, request);
            using var arguments = new NativeStrings([request.File, .. request.Arguments]);
            using var environment = new NativeStrings(request.Environment?.Select(pair => $"{pair.Key}={pair.Value}") ?? OurEnvironment());
            var pid = 0;
            Check(Libc.posix_spawnp(&pid, request.File, actions, attributes, arguments.Pointer, environment.Pointer), request);

            // Our child keeps its PID until we wait for it, also where it has ended by now.
            return new ProcessIdentity(new ProcessId(pid), ProcFs.Stat(new ProcessId(pid)).StartTicks, ProcFs.BootId());
        }
        finally
        {
            _ = Libc.posix_spawn_file_actions_destroy(actions);
            _ = Libc.posix_spawnattr_destroy(attributes);
        }
    }

    /// <summary>Sends a signal to a process if it is still the one that is meant. False where it is gone.</summary>
    public static bool TrySignal(ProcessIdentity process, int signal)
    {
        using var pidfd = Pidfd.TryOpen(process.Pid.Value, 0);
        return pidfd is not null && ProcFs.IdentityOf(process.Pid) == process
            && Libc.syscall((nint)Arch.X64.Sys.PidfdSendSignal, pidfd.Number, signal, 0, 0, 0) == 0;
    }

    private static IEnumerable<string> OurEnvironment()
        => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(variable => $"{variable.Key}={variable.Value}");

    private static unsafe void SetFiles(byte* actions, LaunchRequest request)
    {
        if (request.OutputPath is { } output)
        {
            const int Append = FileFlag.O_WRONLY | FileFlag.O_CREAT | FileFlag.O_APPEND;
            Check(Libc.posix_spawn_file_actions_addopen(actions, 0, request.InputPath, FileFlag.O_RDONLY, 0), request);
            Check(Libc.posix_spawn_file_actions_addopen(actions, 1, output, Append, OwnerOnly), request);
            Check(Libc.posix_spawn_file_actions_addopen(actions, 2, output, Append, OwnerOnly), request);
        }

        if (request.Directory is { } directory)
        {
            Check(Libc.posix_spawn_file_actions_addchdir_np(actions, directory), request);
        }

        Check(Libc.posix_spawn_file_actions_addclosefrom_np(actions, FirstOther), request);
    }

    private static unsafe void SetAttributes(byte* attributes, LaunchRequest request)
    {
        const short Flags = SpawnFlag.POSIX_SPAWN_SETSIGDEF | SpawnFlag.POSIX_SPAWN_SETSIGMASK | SpawnFlag.POSIX_SPAWN_SETSID;
        var signals = stackalloc byte[OpaqueBytes];
        Check(Libc.posix_spawnattr_setflags(attributes, Flags), request);
        _ = Libc.sigfillset(signals);
        Check(Libc.posix_spawnattr_setsigdefault(attributes, signals), request);
        _ = Libc.sigemptyset(signals);
        Check(Libc.posix_spawnattr_setsigmask(attributes, signals), request);
    }

    private static void Check(int error, LaunchRequest request)
    {
        if (error != 0)
        {
            throw new EngineException(
                EngineFailure.Failed, $"{request.File} cannot be started: {(Errno)error}", "give the path of a program that can be executed, or a name that is in PATH");
        }
    }

    /// <summary>A null-terminated array of C strings.</summary>
    private sealed unsafe class NativeStrings : IDisposable
    {
        private readonly int _count;

        public NativeStrings(IEnumerable<string> strings)
        {
            byte[][] texts = [.. strings.Select(text => Encoding.UTF8.GetBytes(text + '\0'))];
            _count = texts.Length;
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)_count + 1, (nuint)sizeof(byte*));
            for (var at = 0; at < _count; at++)
            {
                Pointer[at] = (byte*)NativeMemory.Alloc((nuint)texts[at].Length);
                texts[at].CopyTo(new Span<byte>(Pointer[at], texts[at].Length));
            }
        }

        public byte** Pointer { get; private set; }

        public void Dispose()
        {
            for (var at = 0; at < _count && Pointer != null; at++)
            {
                NativeMemory.Free(Pointer[at]);
            }

            NativeMemory.Free(Pointer);
            Pointer = null;
        }
    }
}
