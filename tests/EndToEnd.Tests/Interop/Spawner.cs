using System.Runtime.InteropServices;

namespace Checkpointer.EndToEnd.Tests.Interop;

/// <summary>What to start.</summary>
/// <param name="File">Path, or a name to look up in PATH.</param>
/// <param name="Arguments">Arguments after the name.</param>
/// <param name="Environment">The whole environment.</param>
/// <param name="OutputPath">File for standard output, truncated.</param>
/// <param name="ErrorPath">File for standard error, truncated; may be the same.</param>
/// <param name="Directory">Working directory.</param>
internal sealed record SpawnRequest(
    string File, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment,
    string OutputPath, string ErrorPath, string Directory)
{
    /// <summary>Path of a terminal that is to be all three standard streams and the controlling terminal; null for none.</summary>
    public string? Terminal { get; init; }
}

/// <summary>
/// Starts processes by posix_spawn: in a session of their own, standard input /dev/null, default signal actions and an
/// empty mask (the .NET runtime ignores SIGPIPE, which exec would pass on). System.Diagnostics.Process
/// must not be used for what is traced: its SIGCHLD handling eats stop notifications.
/// </summary>
internal static unsafe class Spawner
{
    // The types are opaque: 80 and 336 bytes in glibc on x86-64, 128 for sigset_t. The rest is room for others.
    private const int OpaqueBytes = 512;

    public static int Spawn(SpawnRequest request)
    {
        var actions = stackalloc byte[OpaqueBytes];
        var attributes = stackalloc byte[OpaqueBytes];
        Check(Libc.posix_spawn_file_actions_init(actions), request);
        Check(Libc.posix_spawnattr_init(attributes), request);
        using var arguments = new NativeStrings([request.File, .. request.Arguments]);
        using var environment = new NativeStrings(request.Environment.Select(pair => $"{pair.Key}={pair.Value}"));
        try
        {
            SetStreams(actions, request);
            SetAttributes(attributes, request);
            Check(
                Libc.posix_spawnp(out var pid, request.File, actions, attributes, arguments.Pointer, environment.Pointer),
                request);
            return pid;
        }
        finally
        {
            _ = Libc.posix_spawn_file_actions_destroy(actions);
            _ = Libc.posix_spawnattr_destroy(attributes);
        }
    }

    private static void SetStreams(byte* actions, SpawnRequest request)
    {
        const int Truncate = Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC;
        const uint OwnerOnly = 0x180; // 0600
        if (request.Terminal is { } terminal)
        {
            // The new process leads a session, so the first that it opens becomes its controlling terminal.
            for (var stream = 0; stream < 3; stream++)
            {
                Check(Libc.posix_spawn_file_actions_addopen(actions, stream, terminal, Libc.O_RDWR, 0), request);
            }
        }
        else
        {
            Check(Libc.posix_spawn_file_actions_addopen(actions, 0, "/dev/null", Libc.O_RDONLY, 0), request);
            Check(Libc.posix_spawn_file_actions_addopen(actions, 1, request.OutputPath, Truncate, OwnerOnly), request);
            Check(Libc.posix_spawn_file_actions_addopen(actions, 2, request.ErrorPath, Truncate, OwnerOnly), request);
        }

        Check(Libc.posix_spawn_file_actions_addchdir_np(actions, request.Directory), request);

        // Whoever started the tests may have left us descriptors: a pipe to somebody outside cannot be dumped.
        Check(Libc.posix_spawn_file_actions_addclosefrom_np(actions, 3), request);
    }

    private static void SetAttributes(byte* attributes, SpawnRequest request)
    {
        var signals = stackalloc byte[OpaqueBytes];
        const short Flags = Libc.POSIX_SPAWN_SETSIGDEF | Libc.POSIX_SPAWN_SETSIGMASK | Libc.POSIX_SPAWN_SETSID;
        Check(Libc.posix_spawnattr_setflags(attributes, Flags), request);
        _ = Libc.sigfillset(signals);
        Check(Libc.posix_spawnattr_setsigdefault(attributes, signals), request);
        _ = Libc.sigemptyset(signals);
        Check(Libc.posix_spawnattr_setsigmask(attributes, signals), request);
    }

    private static void Check(int error, SpawnRequest request)
    {
        if (error != 0)
        {
            throw new InvalidOperationException($"cannot start {request.File}: error {error}");
        }
    }

    /// <summary>A null-terminated array of C strings.</summary>
    private sealed class NativeStrings : IDisposable
    {
        private readonly int _count;

        public NativeStrings(IEnumerable<string> strings)
        {
            var list = strings.ToList();
            _count = list.Count;
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)_count + 1, (nuint)sizeof(byte*));
            for (var i = 0; i < _count; i++)
            {
                Pointer[i] = (byte*)Marshal.StringToCoTaskMemUTF8(list[i]);
            }
        }

        public byte** Pointer { get; private set; }

        public void Dispose()
        {
            for (var i = 0; i < _count && Pointer != null; i++)
            {
                Marshal.FreeCoTaskMem((nint)Pointer[i]);
            }

            NativeMemory.Free(Pointer);
            Pointer = null;
        }
    }
}
