using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Checkpointer.Engine.Interop;
using static Checkpointer.Engine.Interop.Netfilter;
using static Checkpointer.Engine.Interop.SocketDiagnosis;

namespace Checkpointer.Engine.PacketFilter;

/// <summary>
/// Messages to nf_tables (netlink(7)) that take effect all together or not at all. Numbers in attributes are in network order; attributes nest and are
/// padded to four bytes. Only the last message asks for an answer: the kernel tells all failures, in order, before it.
/// </summary>
internal sealed class FilterBatch
{
    private const int Alignment = 4;

    private readonly List<byte> _bytes = [];
    private int _last;

    /// <summary>Begins a batch.</summary>
    public FilterBatch() => Message(NFNL_MSG_BATCH_BEGIN, 0, 0, NFNL_SUBSYS_NFTABLES, () => { });

    /// <summary>Adds a message about tables of family inet.</summary>
    /// <param name="type">NFT_MSG_*.</param>
    /// <param name="flags">NLM_F_*.</param>
    /// <param name="content">Writes the attributes.</param>
    public void Add(int type, int flags, Action content)
    {
        _last = _bytes.Count;
        Message((NFNL_SUBSYS_NFTABLES << 8) | type, flags, NFPROTO_INET, 0, content);
    }

    /// <summary>Writes an attribute that is a number.</summary>
    public void Number(int type, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        Bytes(type, bytes);
    }

    /// <summary>Writes an attribute that is a name.</summary>
    public void Text(int type, string value) => Bytes(type, Encoding.ASCII.GetBytes(value + '\0'));

    /// <summary>Writes an attribute.</summary>
    public void Bytes(int type, ReadOnlySpan<byte> value)
    {
        Put(new nlattr { nla_len = (ushort)(Unsafe.SizeOf<nlattr>() + value.Length), nla_type = (ushort)type });
        _bytes.AddRange(value);
        Pad();
    }

    /// <summary>Writes an attribute that holds others.</summary>
    public void Nest(int type, Action content)
    {
        var start = _bytes.Count;
        Put(default(nlattr));
        content();
        PutAt(start, new nlattr { nla_len = (ushort)(_bytes.Count - start), nla_type = (ushort)(type | NLA_F_NESTED) });
    }

    /// <summary>Ends the batch.</summary>
    public byte[] End()
    {
        Message(NFNL_MSG_BATCH_END, 0, 0, NFNL_SUBSYS_NFTABLES, () => { });
        var messages = _bytes.ToArray();
        MemoryMarshal.AsRef<nlmsghdr>(messages.AsSpan(_last)).nlmsg_flags |= NLM_F_ACK;
        return messages;
    }

    /// <summary>One message that is not part of a batch.</summary>
    public static byte[] Single(int type, int flags)
    {
        var message = new FilterBatch();
        message._bytes.Clear();
        message.Add(type, flags, () => { });
        return message._bytes.ToArray();
    }

    private void Message(int type, int flags, byte family, ushort resource, Action content)
    {
        var start = _bytes.Count;
        Put(default(nlmsghdr));
        Put(new nfgenmsg { nfgen_family = family, res_id = BinaryPrimitives.ReverseEndianness(resource) });
        content();
        PutAt(start, new nlmsghdr { nlmsg_len = (uint)(_bytes.Count - start), nlmsg_type = (ushort)type, nlmsg_flags = (ushort)(NLM_F_REQUEST | flags) });
    }

    private void Put<T>(T value)
        where T : unmanaged => _bytes.AddRange(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    private void PutAt<T>(int position, T value)
        where T : unmanaged => MemoryMarshal.Write(CollectionsMarshal.AsSpan(_bytes)[position..], in value);

    private void Pad()
    {
        while (_bytes.Count % Alignment != 0)
        {
            _bytes.Add(0);
        }
    }
}
