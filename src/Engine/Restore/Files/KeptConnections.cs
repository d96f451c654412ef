using System.Net;
using System.Net.NetworkInformation;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.PacketFilter;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Connections under restore that lead out of the job and go on. They are made in repair mode while packets are still kept from them, so that a restore that fails
/// leaves them as they were; only when nothing can fail any more they are let go on.
/// </summary>
internal sealed class KeptConnections : IDisposable
{
    private readonly ProcessId _root;
    private readonly List<TcpEnd> _ends = [];
    private readonly List<string> _warnings = [];

    /// <summary>Decides which connections of the job can go on. The images of the others say from now on that their peers have reset them.</summary>
    public KeptConnections(Files files, ProcessId root)
    {
        _root = root;
        var kept = files.OpenFiles.Where(file => file.Socket?.Tcp?.Kept is not null).ToList();
        if (kept.Count == 0)
        {
            return;
        }

        var isLocked = FilterTables.IsThere(files.ConnectionLock);
        var own = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(network => network.GetIPProperties().UnicastAddresses).Select(address => TcpSocketState.Normal(new(address.Address, 0)).Address).ToHashSet();
        foreach (var socket in kept.Select(file => file.Socket))
        {
            var addresses = InetSockets.Addresses(socket);
            if (!isLocked || !(own.Contains(addresses.Local.Address) || IPAddress.IsLoopback(addresses.Local.Address)))
            {
                socket.Tcp.Kept = null;
                _warnings.Add($"the TCP connection from {addresses.Local} to {addresses.Remote} was not kept: "
                    + (isLocked ? "this host does not have its address any more" : "its peer could be told of the end of the job, or the generation was restored before") + "; the job sees it reset");
            }
        }
    }

    /// <summary>What could not be kept, a sentence each.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Takes one up, which is in repair mode.</summary>
    public void Add(TcpEnd end) => _ends.Add(end);

    /// <summary>Lets packets pass again and all go on. What was kept for earlier generations of the job is given up.</summary>
    public void Release()
    {
        FilterTables.RemoveOf(_root);
        foreach (var end in _ends)
        {
            end.GoOn();
        }
    }

    /// <summary>Closes our duplicates. One that was not let go on is still in repair mode, and ends without a word.</summary>
    public void Dispose() => _ends.ForEach(end => end.Fd.Dispose());
}
