using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Objects without a name whose bytes are in the generation: anonymous shared memory, deleted files, memfds. Made and filled by us, then mapped and
/// opened by the job.</summary>
internal sealed class SharedObjects : IDisposable
{
    private readonly Dictionary<uint, SafeFd> _objects = [];
    private readonly Dictionary<uint, SharedMemory> _images;
    private readonly IReadOnlySet<uint> _executables;
    private readonly HashSet<uint> _taken = [];
    private readonly List<(nint Address, nuint Bytes)> _mappings = [];

    /// <summary>Makes and fills all of them but System V segments.</summary>
    public SharedObjects(Inventory inventory, IReadOnlySet<uint> executables, ICheckpointSource source, Action<long> bytesDone)
    {
        _executables = executables;
        _images = inventory.SharedMemory.Where(shared => shared.Kind != SharedMemory.Types.Kind.File).ToDictionary(shared => shared.Id);
        foreach (var shared in _images.Values.Where(shared => shared.Kind != SharedMemory.Types.Kind.SystemV))
        {
            _objects.Add(shared.Id, Make(shared));
            ObjectContents.PutBack(_objects[shared.Id], shared, source, bytesDone);
            if (executables.Contains(shared.Id))
            {
                _objects[shared.Id] = FinishExecutable(_objects[shared.Id], shared);
            }
        }
    }

    /// <summary>Fills System V segments. Precondition: they were made, by processes of the job.</summary>
    public void FillSegments(SystemVBuilder systemV, ICheckpointSource source, Action<long> bytesDone)
    {
        foreach (var shared in _images.Values.Where(shared => shared.Kind == SharedMemory.Types.Kind.SystemV))
        {
            _objects.Add(shared.Id, systemV.Open(shared));
            ObjectContents.PutBack(_objects[shared.Id], shared, source, bytesDone);
        }
    }

    /// <summary>The object by number; open for reading and writing.</summary>
    public SafeFd this[uint id] => _objects[id];

    /// <summary>A path of ours that opens the object.</summary>
    public string PathOf(uint id) => _objects[id].Path;

    /// <summary>
    /// The descriptor that memfd_create(2) gave, for the first of the job's open files that can be it; null for all others, which are to be opened anew. It alone
    /// does not count as a writer of the file, so that the file can be executed while it is open.
    /// </summary>
    public SafeFd? TryTakeMemfd(OpenFile file) =>
        file.SharedMemory != 0 && IsMemfd(file.SharedMemory)
        && ((int)file.Flags & (FileFlag.O_ACCMODE | FileFlag.O_PATH)) == FileFlag.O_RDWR && _taken.Add(file.SharedMemory)
            ? _objects[file.SharedMemory]
            : null;

    /// <summary>True where a mapping is made by the descriptor that the object itself has.</summary>
    public bool IsMappedBySelf(Mapping mapping) => mapping.FileWritable && IsMemfd(mapping.SharedMemory);

    /// <summary>One that was executed is open for reading only, by now.</summary>
    private bool IsMemfd(uint id) =>
        _images.TryGetValue(id, out var image) && image.Kind == SharedMemory.Types.Kind.Memfd && !_executables.Contains(id);

    /// <summary>Sets times and seals, when the job has mapped all and nothing is written any more.</summary>
    public void Finish()
    {
        foreach (var shared in _images.Values)
        {
            if (shared.Kind == SharedMemory.Types.Kind.Memfd && !_executables.Contains(shared.Id))
            {
                Seal(_objects[shared.Id], shared);
            }

            if (shared.Kind is not (SharedMemory.Types.Kind.Anonymous or SharedMemory.Types.Kind.SystemV))
            {
                SetTimes(_objects[shared.Id], shared);
            }
        }
    }

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

    private SafeFd Make(SharedMemory shared) => shared.Kind switch
    {
        SharedMemory.Types.Kind.Anonymous => MakeAnonymous(shared),
        SharedMemory.Types.Kind.Memfd => MakeMemfd(shared),
        SharedMemory.Types.Kind.DeletedFile => DeletedFileBuilder.Build(shared),
        _ => throw new EngineException(EngineFailure.BadImage, $"Shared object {shared.Id} is of kind {shared.Kind}, which this version does not know."),
    };

    /// <summary>As a shared mapping of our own, opened through /proc/self/map_files, so that the job maps the very same kind of object as before.</summary>
    private SafeFd MakeAnonymous(SharedMemory shared)
    {
        var bytes = (nuint)shared.Bytes;
        var huge = (int)HugePages.Flag(shared.HugePageBytes, Memory.MAP_HUGETLB);
        var address = Libc.mmap64(
            0, bytes, Memory.PROT_READ | Memory.PROT_WRITE, Memory.MAP_SHARED | Memory.MAP_ANONYMOUS | Memory.MAP_NORESERVE | huge, -1, 0);
        LinuxException.ThrowIfFailed(address, $"mmap of {shared.Bytes} bytes of shared memory");
        _mappings.Add((address, bytes));
        // A mapping right beside another shared one is its own VMA: the objects differ.
        return OwnFd.OfMapping((ulong)address, (ulong)address + bytes, FileFlag.O_RDWR);
    }

    private static SafeFd MakeMemfd(SharedMemory shared)
    {
        var name = shared.Path.ToStringUtf8();
        // Without the flag the kernel sets this one seal itself.
        var flags = shared.Seals == FileFlag.F_SEAL_SEAL ? 0u : FileFlag.MFD_ALLOW_SEALING;
        var number = Libc.memfd_create(name, FileFlag.MFD_CLOEXEC | flags | HugePages.Flag(shared.HugePageBytes, FileFlag.MFD_HUGETLB));
        LinuxException.ThrowIfFailed(number, $"memfd_create({name})");
        var fd = new SafeFd(number);
        LinuxException.ThrowIfFailed(Libc.ftruncate64(number, (long)shared.Bytes), $"ftruncate of the memfd {name}");
        LinuxException.ThrowIfFailed(Libc.fchown(number, shared.Owner, shared.Group), $"fchown of the memfd {name}");
        LinuxException.ThrowIfFailed(Libc.fchmod(number, shared.Mode), $"fchmod of the memfd {name}");
        return fd;
    }

    /// <summary>Nobody may have a file open for writing that is executed: all that needs it is done now.</summary>
    private static SafeFd FinishExecutable(SafeFd fd, SharedMemory shared)
    {
        if (shared.Kind == SharedMemory.Types.Kind.Memfd)
        {
            Seal(fd, shared);
        }

        using (fd)
        {
            return OwnFd.Open(fd.Path, FileFlag.O_RDONLY, $"{shared.Path.ToStringUtf8()}, the executable");
        }
    }

    private static void Seal(SafeFd fd, SharedMemory shared)
    {
        var now = Libc.fcntl(fd.Number, FileFlag.F_GET_SEALS, 0);
        LinuxException.ThrowIfFailed(now, "fcntl(F_GET_SEALS)");
        if (now != (int)shared.Seals)
        {
            LinuxException.ThrowIfFailed(Libc.fcntl(fd.Number, FileFlag.F_ADD_SEALS, (int)shared.Seals), $"fcntl(F_ADD_SEALS, {shared.Seals:x}) of the memfd {shared.Path.ToStringUtf8()}");
        }
    }

    private static unsafe void SetTimes(SafeFd fd, SharedMemory shared)
    {
        var times = stackalloc timespec[2];
        times[0] = ClockTime.Timespec(shared.AccessedNs);
        times[1] = ClockTime.Timespec(shared.ModifiedNs);
        LinuxException.ThrowIfFailed(Libc.futimens(fd.Number, times), $"futimens of {shared.Path.ToStringUtf8()}");
    }
}
