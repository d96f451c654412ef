using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using static Checkpointer.Engine.Interop.NfTables;
using static Checkpointer.Engine.Interop.SocketDiagnosis;

namespace Checkpointer.Engine.PacketFilter;

/// <summary>
/// Tables of nf_tables in this network namespace that keep packets of TCP connections from coming in and going out. Tables that are owned go with this
/// object, also when we are killed; others stay until they are removed or the system is started again.
/// </summary>
internal sealed class FilterTables : IDisposable
{
    /// <summary>Ends the names of tables that are owned.</summary>
    public const string WhileWeLive = "-now";

    private const string Name = "nf_tables";
    private const int BufferBytes = 1 << 16; // more than the kernel ever sends at once
    private const int RoomForOverhead = 1 << 12;

    private readonly SafeFd _netlink = SocketCalls.Make(SocketNumber.AF_NETLINK, SocketNumber.SOCK_RAW, Netfilter.NETLINK_NETFILTER);

    /// <summary>Name of a table that stays.</summary>
    /// <param name="root">The job.</param>
    /// <param name="identity">Tells it from others of the job.</param>
    public static string NameOf(ProcessId root, string identity) => $"{PrefixOf(root)}{identity}";

    /// <summary>Removes all tables of a job that stay. Where none can be made, there are none.</summary>
    public static void RemoveOf(ProcessId root)
    {
        using var filter = TryOpen();
        foreach (var table in (filter?.TablesIfAny() ?? []).Where(table => table.StartsWith(PrefixOf(root), StringComparison.Ordinal) && !table.EndsWith(WhileWeLive, StringComparison.Ordinal)))
        {
            filter!.Remove(table);
        }
    }

    /// <summary>Keeps all packets from a connection until this is disposed; null where that cannot be done here.</summary>
    public static FilterTables? TryBlock(TcpAddresses connection)
    {
        var filter = TryOpen();
        try
        {
            filter?.Block(NameOf(new ProcessId(Environment.ProcessId), "ended" + WhileWeLive), isOwned: true, [connection]);
            return filter;
        }
        catch (LinuxException)
        {
            filter?.Dispose();
            return null;
        }
    }

    /// <summary>True where a table is there.</summary>
    public static bool IsThere(string table)
    {
        using var filter = TryOpen();
        return filter is not null && filter.TablesIfAny().Contains(table);
    }

    /// <summary>Makes a table with a rule and removes it, in one step.</summary>
    /// <exception cref="LinuxException">It cannot be done here.</exception>
    public static void Try()
    {
        var loopback = new IPEndPoint(IPAddress.Loopback, 1);
        using var filter = new FilterTables();
        var batch = new FilterBatch();
        var rules = new FilterRules(batch, NameOf(new ProcessId(Environment.ProcessId), "doctor"));
        rules.AddTable(isOwned: true);
        rules.AddRules(new TcpAddresses(loopback, loopback));
        rules.RemoveTable();
        filter.Commit(batch);
    }

    /// <summary>Names of all tables of family inet.</summary>
    public HashSet<string> Tables()
    {
        var tables = new HashSet<string>();
        Ask(FilterBatch.Single(NFT_MSG_GETTABLE, NLM_F_DUMP), message => SocketDiagnoser.Attributes(message[Unsafe.SizeOf<nfgenmsg>()..], (type, value) =>
        {
            if (type == NFTA_TABLE_NAME)
            {
                tables.Add(Encoding.ASCII.GetString(value).TrimEnd('\0'));
            }
        }));
        return tables;
    }

    /// <summary>Makes a table that drops all packets of some connections from now on.</summary>
    public void Block(string table, bool isOwned, IReadOnlyCollection<TcpAddresses> connections)
    {
        var batch = new FilterBatch();
        var rules = new FilterRules(batch, table);
        rules.AddTable(isOwned);
        foreach (var connection in connections)
        {
            rules.AddRules(connection);
        }

        Commit(batch);
    }

    /// <summary>Removes a table; one that is not there is no failure.</summary>
    public void Remove(string table)
    {
        if (Tables().Contains(table))
        {
            var batch = new FilterBatch();
            new FilterRules(batch, table).RemoveTable();
            Commit(batch);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _netlink.Dispose();

    private static string PrefixOf(ProcessId root) => string.Create(CultureInfo.InvariantCulture, $"checkpointer-{root}-");

    /// <summary>Null on a kernel without netfilter, or whose modules are not there: it has no tables.</summary>
    private static FilterTables? TryOpen()
    {
        try
        {
            return new FilterTables();
        }
        catch (LinuxException exception) when (exception.Errno is Errno.EPROTONOSUPPORT)
        {
            return null;
        }
    }

    private HashSet<string> TablesIfAny()
    {
        try
        {
            return Tables();
        }
        catch (LinuxException exception) when (exception.Errno is Errno.EPERM or Errno.EOPNOTSUPP or Errno.EINVAL or Errno.ENOENT)
        {
            return [];
        }
    }

    private void Commit(FilterBatch batch)
    {
        var messages = batch.End();
        SocketCalls.SetOption(_netlink, SocketNumber.SOL_SOCKET, SocketOptionName.SO_SNDBUFFORCE, messages.Length + RoomForOverhead);
        Ask(messages, _ => { });
    }

    /// <summary>The kernel has answered, or begun to, when the call returns that asks.</summary>
    private void Ask(byte[] messages, SocketDiagnoser.Receiver add)
    {
        SocketCalls.Send(_netlink, messages, Name);
        var buffer = new byte[BufferBytes];
        int read;
        do
        {
            read = SocketCalls.Receive(_netlink, buffer, 0, Name);
            Invariant.Require(read > 0, "nf_tables does not answer.");
        }
        while (SocketDiagnoser.AddAll(buffer.AsSpan(0, read), Name, add));
    }
}
