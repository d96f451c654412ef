using Checkpointer.Store.Files;

namespace Checkpointer.Store.Packs;

/// <summary>Open packs, a bounded number, least recently used closed first. Safe for use from any thread.</summary>
internal sealed class PackCache(IFileSystem files, StorePaths paths, Guid storeId) : IDisposable
{
    /// <summary>Descriptors kept. The usual soft limit is 1024, and the service needs most of them for jobs.</summary>
    private const int OpenMax = 64;

    private readonly Lock _gate = new();
    private readonly Dictionary<PackId, LinkedListNode<Lease>> _open = [];
    private readonly LinkedList<Lease> _recent = new();

    /// <summary>Borrows an open pack until the lease is disposed; null when the file is missing.</summary>
    /// <exception cref="PackFormatException">Its header is damaged.</exception>
    public Lease? Borrow(PackId id)
    {
        lock (_gate)
        {
            if (!_open.TryGetValue(id, out var node))
            {
                var pack = PackFile.Open(files, paths, id, storeId);
                if (pack is null)
                {
                    return null;
                }

                node = new LinkedListNode<Lease>(new Lease(this, id, pack));
                _open.Add(id, node);
                Trim();
            }
            else
            {
                _recent.Remove(node);
            }

            _recent.AddFirst(node);
            node.Value.Users++;
            return node.Value;
        }
    }

    /// <summary>Closes a pack that is not in use: a file that was removed keeps its space as long as it is open.</summary>
    public void Close(PackId id)
    {
        lock (_gate)
        {
            if (_open.TryGetValue(id, out var node) && node.Value.Users == 0)
            {
                node.Value.Pack.Dispose();
                _recent.Remove(node);
                _open.Remove(id);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var lease in _recent)
            {
                lease.Pack.Dispose();
            }

            _recent.Clear();
            _open.Clear();
        }
    }

    // Precondition: _gate is held. A pack in use is passed over; the bound then holds again at the next opening.
    private void Trim()
    {
        for (var node = _recent.Last; node is not null && _open.Count > OpenMax;)
        {
            var previous = node.Previous;
            if (node.Value.Users == 0)
            {
                node.Value.Pack.Dispose();
                _recent.Remove(node);
                _open.Remove(node.Value.Id);
            }

            node = previous;
        }
    }

    /// <summary>The right to read an open pack.</summary>
    internal sealed class Lease(PackCache owner, PackId id, PackFile pack) : IDisposable
    {
        public PackId Id { get; } = id;

        public PackFile Pack { get; } = pack;

        /// <summary>Borrowers; guarded by the owner's gate.</summary>
        public int Users { get; set; }

        /// <summary>Gives it back.</summary>
        public void Dispose()
        {
            lock (owner._gate)
            {
                Users--;
            }
        }
    }
}
