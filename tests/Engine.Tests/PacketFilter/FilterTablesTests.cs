using System.Net;
using System.Net.Sockets;
using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Engine.PacketFilter;
using Checkpointer.Engine.Support;
using Xunit;

namespace Checkpointer.Engine.Tests.PacketFilter;

/// <summary>Packets of a connection are kept back as long as its table is there.</summary>
[Trait("kind", "kernel")]
public sealed class FilterTablesTests : IDisposable
{
    private const int PatienceMs = 20_000;

    private static readonly ProcessId _root = new(Environment.ProcessId);
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TcpClient _client = new(AddressFamily.InterNetwork);
    private readonly TcpClient _server;

    public FilterTablesTests()
    {
        _listener.Start();
        _client.Connect((IPEndPoint)_listener.LocalEndpoint);
        _server = _listener.AcceptTcpClient();
        _server.ReceiveTimeout = PatienceMs;
    }

    private TcpAddresses Connection => new((IPEndPoint)_client.Client.LocalEndPoint!, (IPEndPoint)_client.Client.RemoteEndPoint!);

    public void Dispose()
    {
        FilterTables.RemoveOf(_root);
        _server.Dispose();
        _client.Dispose();
        _listener.Dispose();
    }

    [RootFact]
    public void Block_UntilItsOwnerEnds_KeepsPacketsBack()
    {
        using (var filter = new FilterTables())
        {
            filter.Block($"checkpointer-{_root}-test{FilterTables.WhileWeLive}", isOwned: true, [Connection]);
            _client.GetStream().WriteByte(7);

            Assert.False(_server.Client.Poll(TimeSpan.FromMilliseconds(50), SelectMode.SelectRead));
        }

        Assert.Equal(7, _server.GetStream().ReadByte());
    }

    [RootFact]
    public void Block_OfBothDirections_KeepsAnswersBack()
    {
        using var filter = new FilterTables();
        filter.Block($"checkpointer-{_root}-test{FilterTables.WhileWeLive}", isOwned: true, [Connection]);

        _server.GetStream().WriteByte(7);

        Assert.False(_client.Client.Poll(TimeSpan.FromMilliseconds(50), SelectMode.SelectRead));
    }

    [RootFact]
    public void RemoveOf_TableThatOutlivedItsMaker_LetsPacketsPass()
    {
        var name = FilterTables.NameOf(_root, "test");
        using (var filter = new FilterTables())
        {
            filter.Block(name, isOwned: false, [Connection]);
        }

        Assert.True(FilterTables.IsThere(name));
        _client.GetStream().WriteByte(7);

        FilterTables.RemoveOf(_root);

        Assert.False(FilterTables.IsThere(name));
        Assert.Equal(7, _server.GetStream().ReadByte());
    }

    [RootFact]
    public void Try_LeavesNoTable()
    {
        FilterTables.Try();

        using var filter = new FilterTables();
        Assert.DoesNotContain(filter.Tables(), table => table.StartsWith($"checkpointer-{_root}-", StringComparison.Ordinal));
    }
}
