using System.Buffers.Binary;
using System.Net.Sockets;

namespace Checkpointer.CrashLab.Disk;

/// <summary>
/// Serves a disk to QEMU: the part of the network block device protocol (fixed newstyle handshake, simple replies) that its client uses, on a unix socket. One connection
/// at a time.
/// </summary>
internal sealed class NbdServer : IDisposable
{
    private const ulong Magic = 0x4e42444d41474943; // "NBDMAGIC"
    private const ulong OptionMagic = 0x49484156454f5054; // "IHAVEOPT"
    private const ulong OptionReplyMagic = 0x3e889045565a9;
    private const uint RequestMagic = 0x25609513;
    private const uint ReplyMagic = 0x67446698;
    private const ushort FixedNewstyleNoZeroes = 3;
    private const ushort HasFlagsFlushAndFua = 1 | 4 | 8;
    private const ushort FuaFlag = 1;
    private const uint InvalidArgument = 22;
    private const uint InputOutputError = 5;
    private const int RequestBytesMax = 32 << 20; // what the protocol lets a client ask for without agreement

    private readonly PowerDisk _disk;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Thread _thread;

    public NbdServer(PowerDisk disk, string path)
    {
        _disk = disk;
        Path = path;
        File.Delete(path);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(1);
        _thread = new Thread(Serve) { Name = "nbd", IsBackground = true };
        _thread.Start();
    }

    private enum Option : uint
    {
        ExportName = 1,
        Abort = 2,
        Info = 6,
        Go = 7,
    }

    private enum Reply : uint
    {
        Acknowledged = 1,
        Information = 3,
        Unsupported = 0x80000001,
    }

    private enum Command : ushort
    {
        Read = 0,
        Write = 1,
        Disconnect = 2,
        Flush = 3,
    }

    /// <summary>The socket.</summary>
    public string Path { get; }

    /// <summary>What went wrong with a client, other than its end; null for nothing.</summary>
    public Exception? Failure { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        _thread.Join();
        File.Delete(Path);
    }

    private void Serve()
    {
        while (true)
        {
            try
            {
                using var client = new NetworkStream(_listener.Accept(), ownsSocket: true);
                if (Negotiate(client))
                {
                    ServeRequests(client);
                }
            }
            catch (Exception end) when (end is EndOfStreamException || end is IOException { InnerException: SocketException })
            {
                // QEMU was killed.
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException)
            {
                return; // we are being disposed of
            }
            catch (Exception failure)
            {
                Failure = failure;
                return;
            }
        }
    }

    private bool Negotiate(NetworkStream client)
    {
        var greeting = new byte[18];
        BinaryPrimitives.WriteUInt64BigEndian(greeting, Magic);
        BinaryPrimitives.WriteUInt64BigEndian(greeting.AsSpan(8), OptionMagic);
        BinaryPrimitives.WriteUInt16BigEndian(greeting.AsSpan(16), FixedNewstyleNoZeroes);
        client.Write(greeting);
        client.ReadExactly(new byte[4]); // its flags, which mirror ours
        var header = new byte[16];
        while (true)
        {
            client.ReadExactly(header);
            var option = (Option)BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(8));
            client.ReadExactly(new byte[Checked(BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12)))]);
            switch (option)
            {
                case Option.ExportName:
                    client.Write(Export().AsSpan(2));
                    return true;
                case Option.Abort:
                    Answer(client, option, Reply.Acknowledged, []);
                    return false;
                case Option.Info or Option.Go:
                    Answer(client, option, Reply.Information, Export());
                    Answer(client, option, Reply.Acknowledged, []);
                    if (option == Option.Go)
                    {
                        return true;
                    }

                    break;
                default:
                    Answer(client, option, Reply.Unsupported, []);
                    break;
            }
        }
    }

    /// <summary>NBD_INFO_EXPORT: type 0, size, flags.</summary>
    private byte[] Export()
    {
        var export = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(export.AsSpan(2), (ulong)_disk.Bytes);
        BinaryPrimitives.WriteUInt16BigEndian(export.AsSpan(10), HasFlagsFlushAndFua);
        return export;
    }

    private static void Answer(NetworkStream client, Option option, Reply reply, byte[] data)
    {
        var bytes = new byte[20 + data.Length];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, OptionReplyMagic);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(8), (uint)option);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(12), (uint)reply);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(16), (uint)data.Length);
        data.CopyTo(bytes, 20);
        client.Write(bytes);
    }

    private void ServeRequests(NetworkStream client)
    {
        var header = new byte[28];
        while (true)
        {
            client.ReadExactly(header);
            if (BinaryPrimitives.ReadUInt32BigEndian(header) != RequestMagic)
            {
                throw new InvalidDataException("a request without its magic number");
            }

            var command = (Command)BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(6));
            if (command == Command.Disconnect)
            {
                return;
            }

            var data = new byte[Checked(BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(24)))];
            if (command == Command.Write)
            {
                client.ReadExactly(data);
            }

            var error = Do(command, BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(4)), (long)BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(16)), data);
            var reply = new byte[16 + (command == Command.Read && error == 0 ? data.Length : 0)];
            BinaryPrimitives.WriteUInt32BigEndian(reply, ReplyMagic);
            BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(4), error);
            header.AsSpan(8, 8).CopyTo(reply.AsSpan(8));
            data.AsSpan(0, reply.Length - 16).CopyTo(reply.AsSpan(16));
            client.Write(reply);
        }
    }

    private uint Do(Command command, ushort flags, long offset, byte[] data)
    {
        if (offset % PowerDisk.SectorBytes != 0 || data.Length % PowerDisk.SectorBytes != 0 || offset + data.Length > _disk.Bytes)
        {
            return InvalidArgument;
        }

        try
        {
            switch (command)
            {
                case Command.Read:
                    _disk.Read(offset, data);
                    return 0;
                case Command.Write:
                    _disk.Write(offset, data, (flags & FuaFlag) != 0);
                    return 0;
                case Command.Flush:
                    _disk.Flush();
                    return 0;
                default:
                    return InvalidArgument;
            }
        }
        catch (IOException)
        {
            return InputOutputError; // no power: nobody is left to hear it
        }
    }

    private static int Checked(uint length) => length <= RequestBytesMax ? (int)length : throw new InvalidDataException($"a request of {length} bytes");
}
