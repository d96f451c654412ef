using System.Buffers.Binary;
using System.Text.Json;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Microsoft.Win32.SafeHandles;

namespace Checkpointer.Engine.Worker;

/// <summary>Messages between us and a worker, over a stream socket: a length of four bytes, a kind, the payload. Both ends are of one program.</summary>
internal sealed class WorkerChannel : IDisposable
{
    /// <summary>Descriptor of the worker's end.</summary>
    public const int Number = 3;

    /// <summary>Descriptor, in the worker, of the host's /proc.</summary>
    public const int HostProcNumber = 4;

    /// <summary>Most bytes of pages in one message.</summary>
    public const int PagesMax = 1 << 20;

    private const int HeaderBytes = sizeof(int) + 1;

    // Images are small, but for tables of many files.
    private const int PayloadMax = 1 << 30;

    private readonly FileStream _stream;
    private readonly Lock _sending = new();

    /// <summary>Takes ownership of an end.</summary>
    public WorkerChannel(SafeFd end)
    {
        var handle = new SafeFileHandle(end.Number, ownsHandle: true);
        end.SetHandleAsInvalid();
        _stream = new FileStream(handle, FileAccess.ReadWrite, bufferSize: 0);
    }

    /// <summary>Sends a message; safe from any thread.</summary>
    /// <exception cref="IOException">The other end is gone.</exception>
    public void Send(FrameKind kind, ReadOnlySpan<byte> first = default, ReadOnlySpan<byte> second = default)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, checked(first.Length + second.Length));
        header[sizeof(int)] = (byte)kind;
        lock (_sending)
        {
            _stream.Write([.. header, .. first]);
            if (!second.IsEmpty)
            {
                _stream.Write(second);
            }
        }
    }

    /// <summary>Sends a value as JSON.</summary>
    public void SendJson<T>(FrameKind kind, T value) => Send(kind, JsonSerializer.SerializeToUtf8Bytes(value));

    /// <summary>Sends a number or an address, and pages.</summary>
    public void SendNumber(FrameKind kind, ulong number, ReadOnlySpan<byte> bytes = default)
    {
        Span<byte> first = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(first, number);
        Send(kind, first, bytes);
    }

    /// <summary>The next message; null where the other end is gone.</summary>
    public Frame? Receive()
    {
        var header = new byte[HeaderBytes];
        if (!TryFill(header))
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        Invariant.Require(length is >= 0 and <= PayloadMax, $"a message of {length} bytes");
        var payload = new byte[length];
        return TryFill(payload) ? new Frame((FrameKind)header[sizeof(int)], payload) : null;
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private bool TryFill(byte[] buffer)
    {
        try
        {
            return _stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) == buffer.Length;
        }
        catch (IOException exception) when (exception.HResult == (int)Errno.ECONNRESET)
        {
            // The other end died with messages of ours unread.
            return false;
        }
    }
}
