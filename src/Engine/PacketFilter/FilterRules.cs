using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Checkpointer.Engine.Interop;
using static Checkpointer.Engine.Interop.Netfilter;
using static Checkpointer.Engine.Interop.NfTables;
using static Checkpointer.Engine.Interop.SocketDiagnosis;

namespace Checkpointer.Engine.PacketFilter;

/// <summary>Writes a table of nf_tables whose rules drop all packets of some TCP connections, in both directions, but for those with our mark.</summary>
internal sealed class FilterRules(FilterBatch batch, string table)
{
    /// <summary>Mark (SO_MARK) of packets of our own making.</summary>
    public const uint Mark = 0x636b7074; // "ckpt"

    private const string In = "in";
    private const string Out = "out";
    private const int SourceOffset4 = 12; // struct iphdr
    private const int SourceOffset6 = 8; // struct ipv6hdr

    // What comes in is seen as the socket will see it only behind the last translation of addresses (NF_IP_PRI_NAT_SRC, 100); what goes out, ahead of the first.
    private const int BehindTranslation = 300;
    private const int AheadOfTranslation = -300;

    /// <summary>Adds the table with its chains.</summary>
    /// <param name="isOwned">The table goes when the netlink socket that makes it is closed.</param>
    public void AddTable(bool isOwned)
    {
        batch.Add(NFT_MSG_NEWTABLE, NLM_F_CREATE, () =>
        {
            batch.Text(NFTA_TABLE_NAME, table);
            batch.Number(NFTA_TABLE_FLAGS, isOwned ? (uint)NFT_TABLE_F_OWNER : 0);
        });
        AddChain(In, NF_INET_LOCAL_IN, BehindTranslation);
        AddChain(Out, NF_INET_LOCAL_OUT, AheadOfTranslation);
    }

    /// <summary>Adds the rules of one connection.</summary>
    public void AddRules(TcpAddresses connection)
    {
        AddRule(In, connection.Remote, connection.Local, mustBeUnmarked: true);
        AddRule(Out, connection.Local, connection.Remote, mustBeUnmarked: false);
    }

    /// <summary>Removes the table.</summary>
    public void RemoveTable() => batch.Add(NFT_MSG_DELTABLE, 0, () => batch.Text(NFTA_TABLE_NAME, table));

    private void AddChain(string name, int hook, int priority) => batch.Add(NFT_MSG_NEWCHAIN, NLM_F_CREATE, () =>
    {
        batch.Text(NFTA_CHAIN_TABLE, table);
        batch.Text(NFTA_CHAIN_NAME, name);
        batch.Nest(NFTA_CHAIN_HOOK, () =>
        {
            batch.Number(NFTA_HOOK_HOOKNUM, (uint)hook);
            batch.Number(NFTA_HOOK_PRIORITY, unchecked((uint)priority));
        });
        batch.Number(NFTA_CHAIN_POLICY, NF_ACCEPT);
        batch.Text(NFTA_CHAIN_TYPE, "filter");
    });

    private void AddRule(string chain, IPEndPoint from, IPEndPoint to, bool mustBeUnmarked) => batch.Add(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, () =>
    {
        batch.Text(NFTA_RULE_TABLE, table);
        batch.Text(NFTA_RULE_CHAIN, chain);
        batch.Nest(NFTA_RULE_EXPRESSIONS, () => WriteExpressions(from, to, mustBeUnmarked));
    });

    private void WriteExpressions(IPEndPoint from, IPEndPoint to, bool mustBeUnmarked)
    {
        var isVersion4 = from.AddressFamily == AddressFamily.InterNetwork;
        var (source, destination) = (from.Address.GetAddressBytes(), to.Address.GetAddressBytes());
        var offset = isVersion4 ? SourceOffset4 : SourceOffset6;
        CompareMeta(NFT_META_NFPROTO, [(byte)(isVersion4 ? NFPROTO_IPV4 : NFPROTO_IPV6)]);
        ComparePayload(NFT_PAYLOAD_NETWORK_HEADER, offset, source);
        ComparePayload(NFT_PAYLOAD_NETWORK_HEADER, offset + source.Length, destination);
        CompareMeta(NFT_META_L4PROTO, [SocketNumber.IPPROTO_TCP]);
        ComparePayload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, Ports(from.Port, to.Port));
        if (mustBeUnmarked)
        {
            CompareMeta(NFT_META_MARK, BitConverter.GetBytes(Mark), NFT_CMP_NEQ);
        }

        Expression("immediate", () =>
        {
            batch.Number(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
            batch.Nest(NFTA_IMMEDIATE_DATA, () => batch.Nest(NFTA_DATA_VERDICT, () => batch.Number(NFTA_VERDICT_CODE, NF_DROP)));
        });
    }

    private static byte[] Ports(int from, int to)
    {
        var ports = new byte[2 * sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(ports, (ushort)from);
        BinaryPrimitives.WriteUInt16BigEndian(ports.AsSpan(sizeof(ushort)), (ushort)to);
        return ports;
    }

    private void CompareMeta(int key, byte[] value, int how = NFT_CMP_EQ)
    {
        Expression("meta", () =>
        {
            batch.Number(NFTA_META_DREG, NFT_REG_1);
            batch.Number(NFTA_META_KEY, (uint)key);
        });
        Compare(value, how);
    }

    private void ComparePayload(int header, int offset, byte[] value)
    {
        Expression("payload", () =>
        {
            batch.Number(NFTA_PAYLOAD_DREG, NFT_REG_1);
            batch.Number(NFTA_PAYLOAD_BASE, (uint)header);
            batch.Number(NFTA_PAYLOAD_OFFSET, (uint)offset);
            batch.Number(NFTA_PAYLOAD_LEN, (uint)value.Length);
        });
        Compare(value, NFT_CMP_EQ);
    }

    private void Compare(byte[] value, int how) => Expression("cmp", () =>
    {
        batch.Number(NFTA_CMP_SREG, NFT_REG_1);
        batch.Number(NFTA_CMP_OP, (uint)how);
        batch.Nest(NFTA_CMP_DATA, () => batch.Bytes(NFTA_DATA_VALUE, value));
    });

    private void Expression(string name, Action content) => batch.Nest(NFTA_LIST_ELEM, () =>
    {
        batch.Text(NFTA_EXPR_NAME, name);
        batch.Nest(NFTA_EXPR_DATA, content);
    });
}
