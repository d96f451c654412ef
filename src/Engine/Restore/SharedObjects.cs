using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Anonymous memory that mappings of the job share. Each object is made as a shared mapping of our own, filled, and opened through
/// /proc/self/map_files, so that the job maps the very same kind of object as before.
/// </summary>
internal sealed class SharedObjects : IDisposable
{
    private readonly Dictionary<uint, SafeFd> _objects = [];
    private readonly List<(nint Address, nuint Bytes)> _mappings = [];

    /// <summary>Makes and fills all of them.</summary>
    public SharedObjects(Inventory inventory, ICheckpointSource source, Action<long> bytesDone)
    {
        foreach (var shared in inventory.SharedMemory.Where(shared => shared.Path.IsEmpty))
        {
            _objects.Add(shared.Id, Make(shared));
            source.ReadPages($"shared/{shared.Id}", (offset, pages) =>
            {
                FileBytes.Write(_objects[shared.Id], (long)offset, pages, $"shared memory {shared.Id}");
                bytesDone(pages.Length);
            });
        }
    }

    /// <summary>The object by number.</summary>
    public SafeFd this[uint id] => _objects[id];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var fd in _objects.Values)
        {
            fd.Dispose();
        }

        foreach (var (address, bytes) in _mappings)
        {
            _ = Libc.munmap(address, bytes);
        }
    }

    private SafeFd Make(SharedMemory shared)
    {
        var bytes = (nuint)shared.Bytes;
        var address = Libc.mmap64(
            0, bytes, Memory.PROT_READ | Memory.PROT_WRITE, Memory.MAP_SHARED | Memory.MAP_ANONYMOUS | Memory.MAP_NORESERVE, -1, 0);
        LinuxException.ThrowIfFailed(address, $"mmap of {shared.Bytes} bytes of shared memory");
        _mappings.Add((address, bytes));
        // A mapping right beside another shared one is its own VMA: the objects differ.
        var path = ProcFs.PathOf(new ProcessId(Libc.getpid()), $"map_files/{address:x}-{address + (nint)bytes:x}");
        var number = Libc.open(path, FileFlag.O_RDWR | FileFlag.O_CLOEXEC, 0);
        LinuxException.ThrowIfFailed(number, $"open of {path}");
        return new SafeFd(number);
    }
}
