using System.Security.Cryptography;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.PacketFilter;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using static Checkpointer.Engine.Images.TcpConnection.Types;

namespace Checkpointer.Engine.Dump;

/// <summary>
/// Keeps the connections that lead out of a job which is about to be stopped as they are in the freeze, so that they go on after its restore: no packet comes
/// in or goes out from then on. Were we killed, or does the dump fail, packets pass again, and the job has lost nothing but time. Only <see cref="Outlive"/> makes it
/// last. Precondition: one is used for one dump.
/// </summary>
internal sealed class ConnectionLock(ProcessId root) : IDisposable
{
    private const int IdentityBytes = 8;

    private readonly Duplicates _duplicates = new();
    private readonly List<(SocketUse Use, SafeFd Socket)> _ends = [];
    private readonly List<TcpRepair> _silent = [];
    private readonly string _identity = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdentityBytes));
    private FilterTables? _filter;

    /// <summary>Name of the table that stays; empty where there are no such connections.</summary>
    public string Name => _filter is null ? string.Empty : FilterTables.NameOf(root, _identity);

    private List<TcpAddresses> Addresses => [.. _ends.Select(end => InetSockets.Addresses(end.Use.Image))];

    /// <summary>Removes what was to last and is of no use any more: the job runs, or was restored.</summary>
    public static void RemoveLeft(ProcessId root) => FilterTables.RemoveOf(root);

    /// <summary>Keeps packets from the connections from now on, and reads these. Runs inside the freeze.</summary>
    public void Take(IReadOnlyList<SocketUse> sockets)
    {
        foreach (var use in sockets.Where(use => use.Image.Tcp is { Peer: Peer.Outside } && !use.Image.IsListening))
        {
            _ends.Add((use, _duplicates.TryTake(use.Descriptor)
                ?? throw new LinuxException($"pidfd_getfd of descriptor {use.Descriptor.Number} of process {use.Descriptor.Process}", LastError.Get())));
        }

        if (_ends.Count == 0)
        {
            return;
        }

        _filter = new FilterTables();
        _filter.Block($"{Name}{FilterTables.WhileWeLive}", isOwned: true, Addresses);
        // A packet may have passed the rules before they were there, and be on its way to its socket on another processor.
        LinuxException.ThrowIfFailed(Libc.syscall((nint)Sys.Membarrier, Membarrier.MEMBARRIER_CMD_GLOBAL, 0, 0, 0, 0), "membarrier(MEMBARRIER_CMD_GLOBAL)");
        foreach (var (use, socket) in _ends)
        {
            TcpKeeper.Read(socket, use);
        }
    }

    /// <summary>Makes it last beyond our end, and the sockets die without a word. The caller kills the job now, which is frozen.</summary>
    public void Outlive()
    {
        if (_filter is null)
        {
            return;
        }

        _filter.Block(Name, isOwned: false, Addresses);
        _silent.AddRange(_ends.Select(end => TcpRepair.Begin(end.Socket)));
    }

    /// <summary>The job lives on: undoes <see cref="Outlive"/>.</summary>
    public void TakeBack()
    {
        _silent.ForEach(repair => repair.Dispose());
        _silent.Clear();
        _filter?.Remove(Name);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _filter?.Dispose();
        _ends.ForEach(end => end.Socket.Dispose());
        _duplicates.Dispose();
    }
}
