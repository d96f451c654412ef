using System.Buffers.Binary;
using System.Diagnostics;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Host;

/// <summary>
/// How processes ended that are no children of ours, on kernels whose pidfds do not tell (before Linux 6.15): the process connector reports each end on the host to the superuser of its first
/// namespaces (Documentation/driver-api/connector.rst, linux/cn_proc.h). What is not an end is dropped in the kernel. Safe for use from any thread.
/// </summary>
internal sealed unsafe class ExitEvents : IDisposable
{
    private const int NETLINK_CONNECTOR = 11; // linux/netlink.h
    private const int CN_IDX_PROC = 1; // linux/connector.h; also its group
    private const int CN_VAL_PROC = 1;
    private const int PROC_CN_MCAST_LISTEN = 1; // linux/cn_proc.h
    private const int PROC_CN_MCAST_IGNORE = 2;
    private const uint PROC_EVENT_EXIT = 0x80000000;

    // struct nlmsghdr, struct cn_msg, struct proc_event; the numbers in the bytes of this machine.
    private const int ConnectorAt = 16;
    private const int LengthAt = ConnectorAt + 16;
    private const int EventAt = ConnectorAt + 20;
    private const int ThreadAt = EventAt + 16;
    private const int ProcessAt = ThreadAt + 4;
    private const int StatusAt = ThreadAt + 8;
    private const int EventBytes = StatusAt + 4;
    private const int MessageBytesMax = 256;

    // The kernel answers at once, or, to one who is not of its first PID namespace, never.
    private const int AnswerMilliseconds = 100;

    // BPF_LD | BPF_W | BPF_ABS, BPF_JMP | BPF_JEQ | BPF_K, linux/bpf_common.h
    private const ushort LoadWord = 0x20;
    private const ushort JumpIfEqual = 0x15;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, End> _expected = [];
    private readonly DescriptorWatcher<Connection> _watcher;
    private readonly ManualResetEventSlim _told = new();

    private ExitEvents(SafeFd socket)
    {
        _watcher = new DescriptorWatcher<Connection>("process exits", SocketNumber.POLLIN, (connection, _) => Receive(connection.Descriptor));
        _watcher.Add(new Connection(socket));
    }

    /// <summary>True on kernels whose pidfds do not tell (PIDFD_INFO_EXIT).</summary>
    public static bool AreNeeded => Environment.OSVersion.Version < new Version(6, 15);

    /// <summary>Begins to listen; null where the kernel tells us nothing: to others than the superuser, in a PID namespace, or without CONFIG_PROC_EVENTS.</summary>
    public static ExitEvents? TryOpen()
    {
        SafeFd? socket = null;
        try
        {
            socket = SocketCalls.Make(SocketNumber.AF_NETLINK, SocketNumber.SOCK_DGRAM, NETLINK_CONNECTOR);
            Span<byte> group = stackalloc byte[12]; // struct sockaddr_nl
            BinaryPrimitives.WriteUInt16LittleEndian(group, SocketNumber.AF_NETLINK);
            BinaryPrimitives.WriteInt32LittleEndian(group[8..], CN_IDX_PROC);
            SocketCalls.Bind(socket, group, "the process connector");
            Ask(socket, PROC_CN_MCAST_LISTEN);
            var file = new pollfd { fd = socket.Number, events = SocketNumber.POLLIN };
            if (Libc.poll(&file, 1, AnswerMilliseconds) > 0)
            {
                TakeOnlyEnds(socket);
                return new ExitEvents(socket);
            }
        }
        catch (LinuxException)
        {
            // Not allowed, or not configured.
        }

        socket?.Dispose();
        return null;
    }

    /// <summary>Notes how a process ends from now on. Precondition: it has not ended.</summary>
    public void Expect(int pid)
    {
        lock (_gate)
        {
            _expected[pid] = new End();
        }
    }

    /// <summary>Forgets it.</summary>
    public void Forget(int pid)
    {
        lock (_gate)
        {
            _ = _expected.Remove(pid);
        }
    }

    /// <summary>How a process that has ended did so; null where that is not told in time.</summary>
    public WaitStatus? Await(int pid, TimeSpan patience)
    {
        for (var start = Stopwatch.GetTimestamp(); ;)
        {
            _told.Reset();
            lock (_gate)
            {
                if (_expected.GetValueOrDefault(pid) is { IsLeaderGone: true } end)
                {
                    return new WaitStatus(end.Status);
                }
            }

            var left = patience - Stopwatch.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || !_told.Wait(left))
            {
                return null;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watcher.Dispose();
        _told.Dispose();
    }

    private static void Ask(SafeFd socket, int operation)
    {
        Span<byte> request = stackalloc byte[EventAt + sizeof(int)];
        request.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(request, request.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(request[4..], SocketDiagnosis.NLMSG_DONE);
        BinaryPrimitives.WriteInt32LittleEndian(request[ConnectorAt..], CN_IDX_PROC);
        BinaryPrimitives.WriteInt32LittleEndian(request[(ConnectorAt + 4)..], CN_VAL_PROC);
        BinaryPrimitives.WriteUInt16LittleEndian(request[LengthAt..], sizeof(int));
        BinaryPrimitives.WriteInt32LittleEndian(request[EventAt..], operation);
        fixed (byte* bytes = request)
        {
            LinuxException.ThrowIfFailed(Libc.write(socket.Number, bytes, (nuint)request.Length), "write to the process connector");
        }
    }

    /// <summary>The first word of an event says what it is. The filter's words are in network order.</summary>
    private static void TakeOnlyEnds(SafeFd socket)
    {
        var program = stackalloc sock_filter[]
        {
            new() { code = LoadWord, k = EventAt },
            new() { code = JumpIfEqual, jf = 1, k = BinaryPrimitives.ReverseEndianness(PROC_EVENT_EXIT) },
            new() { code = Seccomp.BPF_RET, k = uint.MaxValue },
            new() { code = Seccomp.BPF_RET },
        };
        var filter = new sock_fprog { len = 4, filter = (ulong)program };
        LinuxException.ThrowIfFailed(
            Libc.setsockopt(socket.Number, SocketNumber.SOL_SOCKET, SocketOptionName.SO_ATTACH_FILTER, (byte*)&filter, (uint)sizeof(sock_fprog)), "filter of the process connector");
    }

    /// <summary>Takes all that is there. Where the kernel had no room for more, ends are lost, and stay unknown.</summary>
    private void Receive(SafeFd socket)
    {
        Span<byte> message = stackalloc byte[MessageBytesMax];
        nint got;
        fixed (byte* bytes = message)
        {
            while ((got = Libc.recv(socket.Number, bytes, MessageBytesMax, 0)) >= 0 || LastError.Get() is Errno.EINTR or Errno.ENOBUFS)
            {
                if (got >= EventBytes && BinaryPrimitives.ReadUInt32LittleEndian(message[EventAt..]) == PROC_EVENT_EXIT)
                {
                    Note(Number(message, ProcessAt), Number(message, ThreadAt), Number(message, StatusAt));
                }
            }
        }
    }

    private static int Number(ReadOnlySpan<byte> message, int at) => BinaryPrimitives.ReadInt32LittleEndian(message[at..]);

    /// <summary>Each thread's end is told. The process's is that of its main thread, or of one that ended after it, when the main thread had called pthread_exit.</summary>
    private void Note(int process, int thread, int status)
    {
        lock (_gate)
        {
            if (!_expected.TryGetValue(process, out var end))
            {
                return;
            }

            _expected[process] = new End { Status = status, IsLeaderGone = end.IsLeaderGone || thread == process };
        }

        _told.Set();
    }

    private readonly record struct End
    {
        public int Status { get; init; }

        public bool IsLeaderGone { get; init; }
    }

    private sealed record Connection(SafeFd Descriptor) : IWatchedDescriptor
    {
        public void Dispose()
        {
            try
            {
                // Before Linux 6.6 the kernel counts us as a listener until we say so.
                Ask(Descriptor, PROC_CN_MCAST_IGNORE);
            }
            catch (LinuxException)
            {
                // It goes on making events that nobody reads.
            }

            Descriptor.Dispose();
        }
    }
}
