using System.Runtime.InteropServices;

namespace Checkpointer.Engine.Interop;

/// <summary>struct nfgenmsg, linux/netfilter/nfnetlink.h: behind the nlmsghdr of each message to netfilter; res_id is in network order.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct nfgenmsg
{
    internal byte nfgen_family;
    internal byte version;
    internal ushort res_id;
}

/// <summary>Messages to netfilter, linux/netfilter/nfnetlink.h, linux/netfilter.h.</summary>
internal static class Netfilter
{
    internal const int NETLINK_NETFILTER = 12;
    internal const int NFNL_SUBSYS_NFTABLES = 10;
    internal const int NFNL_MSG_BATCH_BEGIN = 16;
    internal const int NFNL_MSG_BATCH_END = 17;
    internal const int NFPROTO_INET = 1;
    internal const int NFPROTO_IPV4 = 2;
    internal const int NFPROTO_IPV6 = 10;
    internal const int NF_INET_LOCAL_IN = 1;
    internal const int NF_INET_LOCAL_OUT = 3;
    internal const int NF_DROP = 0;
    internal const int NF_ACCEPT = 1;
    internal const int NLA_F_NESTED = 0x8000;
}

/// <summary>Tables of rules, linux/netfilter/nf_tables.h.</summary>
internal static class NfTables
{
    internal const int NFT_MSG_NEWTABLE = 0;
    internal const int NFT_MSG_GETTABLE = 1;
    internal const int NFT_MSG_DELTABLE = 2;
    internal const int NFT_MSG_NEWCHAIN = 3;
    internal const int NFT_MSG_NEWRULE = 6;
    internal const int NFT_TABLE_F_OWNER = 2;
    internal const int NFTA_TABLE_NAME = 1;
    internal const int NFTA_TABLE_FLAGS = 2;
    internal const int NFTA_CHAIN_TABLE = 1;
    internal const int NFTA_CHAIN_NAME = 3;
    internal const int NFTA_CHAIN_HOOK = 4;
    internal const int NFTA_CHAIN_POLICY = 5;
    internal const int NFTA_CHAIN_TYPE = 7;
    internal const int NFTA_HOOK_HOOKNUM = 1;
    internal const int NFTA_HOOK_PRIORITY = 2;
    internal const int NFTA_RULE_TABLE = 1;
    internal const int NFTA_RULE_CHAIN = 2;
    internal const int NFTA_RULE_EXPRESSIONS = 4;
    internal const int NFTA_LIST_ELEM = 1;
    internal const int NFTA_EXPR_NAME = 1;
    internal const int NFTA_EXPR_DATA = 2;
    internal const int NFTA_META_DREG = 1;
    internal const int NFTA_META_KEY = 2;
    internal const int NFT_META_MARK = 3;
    internal const int NFT_META_NFPROTO = 15;
    internal const int NFT_META_L4PROTO = 16;
    internal const int NFTA_PAYLOAD_DREG = 1;
    internal const int NFTA_PAYLOAD_BASE = 2;
    internal const int NFTA_PAYLOAD_OFFSET = 3;
    internal const int NFTA_PAYLOAD_LEN = 4;
    internal const int NFT_PAYLOAD_NETWORK_HEADER = 1;
    internal const int NFT_PAYLOAD_TRANSPORT_HEADER = 2;
    internal const int NFTA_CMP_SREG = 1;
    internal const int NFTA_CMP_OP = 2;
    internal const int NFTA_CMP_DATA = 3;
    internal const int NFT_CMP_EQ = 0;
    internal const int NFT_CMP_NEQ = 1;
    internal const int NFTA_DATA_VALUE = 1;
    internal const int NFTA_DATA_VERDICT = 2;
    internal const int NFTA_IMMEDIATE_DREG = 1;
    internal const int NFTA_IMMEDIATE_DATA = 2;
    internal const int NFTA_VERDICT_CODE = 1;
    internal const int NFT_REG_VERDICT = 0;
    internal const int NFT_REG_1 = 1;
}
