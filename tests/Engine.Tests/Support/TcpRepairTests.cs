using System.Net;
using System.Net.Sockets;
using Checkpointer.EndToEnd.Tests.Support;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Xunit;
using OptionName = Checkpointer.Engine.Interop.SocketOptionName;

namespace Checkpointer.Engine.Tests.Support;

/// <summary>Repair mode ends, and leaves a connection as it was.</summary>
[Trait("kind", "kernel")]
public sealed class TcpRepairTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TcpClient _client = new();
    private readonly TcpClient _server;

    public TcpRepairTests()
    {
        _listener.Start();
        _client.Connect((IPEndPoint)_listener.LocalEndpoint);
        _server = _listener.AcceptTcpClient();
    }

    public void Dispose()
    {
        _server.Dispose();
        _client.Dispose();
        _listener.Dispose();
    }

    [RootFact]
    public void EndLeft_AfterADumpThatWasKilledInIt_LetsTheConnectionSendAgain()
    {
        using var socket = Duplicate();
        SocketCalls.SetOption(socket, SocketNumber.SOL_TCP, TcpRepairNumber.TCP_REPAIR, TcpRepairNumber.TCP_REPAIR_ON);

        TcpRepair.EndLeft(socket);

        RequireTalking();
    }

    [RootFact]
    public void Dispose_AfterSequencesWereRead_LeavesSocketAsItWas()
    {
        using var socket = Duplicate();
        SocketCalls.SetOption(socket, SocketNumber.SOL_SOCKET, OptionName.SO_REUSEADDR, 1);

        using (var repair = TcpRepair.Begin(socket))
        {
            Assert.NotEqual(repair.Sequence(TcpRepairNumber.TCP_SEND_QUEUE), repair.Sequence(TcpRepairNumber.TCP_RECV_QUEUE));
        }

        Assert.Equal(1, SocketCalls.Number(socket, SocketNumber.SOL_SOCKET, OptionName.SO_REUSEADDR));
        RequireTalking();
    }

    private SafeFd Duplicate()
    {
        using var ourselves = Pidfd.TryOpenHolder(new ProcessId(Environment.ProcessId));
        return Pidfd.TryTake(ourselves!, (int)_client.Client.Handle)!;
    }

    private void RequireTalking()
    {
        const int PatienceMs = 20_000;
        _server.ReceiveTimeout = PatienceMs;
        _client.GetStream().WriteByte(7);
        Assert.Equal(7, _server.GetStream().ReadByte());
    }
}
