using System.Runtime.InteropServices;
using Checkpointer.Engine.Arch.X64;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracking;
using Xunit;
using Libc = Checkpointer.Engine.Interop.Libc;

namespace Checkpointer.Engine.Tests.Tracking;

/// <summary>Private memory of ours in small pages, and what the trackers say of it.</summary>
internal sealed class Area : IDisposable
{
    public const int PageBytes = 4096;

    /// <summary>Small pages in a huge one.</summary>
    public const int HugePages = 512;
    private const string WriteProtect = "write-protect";
    private const string SoftDirty = "soft-dirty";

    /// <summary>Memory as the loader leaves it behind: own pages of a file that may only be read. Soft-dirty tracking looks for such.</summary>
    private static readonly Lazy<PrivateMapping> _relocated = new(MapRelocated);
    private static readonly ProcessId _ours = new(Environment.ProcessId);
    private readonly bool _hasFile;
    private int _pages;

    public Area(int pages, int fd = -1, nint at = 0)
    {
        const int Fixed = 0x10; // MAP_FIXED
        _pages = pages;
        _hasFile = fd >= 0;
        var flags = Memory.MAP_PRIVATE | (fd < 0 ? Memory.MAP_ANONYMOUS : 0) | (at != 0 ? Fixed : 0);
        Address = Libc.mmap64(at, (nuint)(pages * PageBytes), Memory.PROT_READ | Memory.PROT_WRITE, flags, fd, 0);
        Assert.NotEqual(-1, Address);
        Assert.Equal(0, fd < 0 ? Libc.madvise(Address, (nuint)(pages * PageBytes), Memory.MADV_NOHUGEPAGE) : 0);
    }

    public nint Address { get; private set; }

    public PrivateMapping Mapping => new(new PageRange((ulong)Address, (ulong)Address + (ulong)(_pages * PageBytes)), _hasFile, IsForked: true);

    /// <summary>This one, and what trackers need beside it.</summary>
    private IReadOnlyList<PrivateMapping> Mappings => [.. new[] { Mapping, _relocated.Value }.OrderBy(mapping => mapping.Range.Start)];

    /// <summary>Names of the trackers that work on this kernel; one alone where none does, which fails then.</summary>
    public static TheoryData<string> Trackers => SoftDirtyProbe.Works() ? WriteProtectProbe.Works() ? [WriteProtect, SoftDirty] : [SoftDirty] : [WriteProtect];

    /// <summary>Memory that the kernel puts into a huge page where it has such.</summary>
    public static Area InHugePages()
    {
        const nint HugePageBytes = HugePages * PageBytes;
        var room = Libc.mmap64(0, (nuint)(2 * HugePageBytes), 0, Memory.MAP_PRIVATE | Memory.MAP_ANONYMOUS, -1, 0); // never unmapped
        var area = new Area(HugePages, at: (room + HugePageBytes - 1) / HugePageBytes * HugePageBytes);
        Assert.Equal(0, Libc.madvise(area.Address, (nuint)HugePageBytes, Memory.MADV_HUGEPAGE));
        return area;
    }

    /// <summary>What another program does that tracks us by soft-dirty bits; nothing where there are none.</summary>
    public static void ResetSoftDirty() => SoftDirtyTracker.Reset(_ours);

    /// <summary>A tracker of our own address space.</summary>
    public static ITracker NewTracker(string name) => name == SoftDirty ? new SoftDirtyTracker(_ours) : NewTracker();

    /// <summary>A tracker of our own address space, by write protection.</summary>
    public static WriteProtectTracker NewTracker()
    {
        var number = Libc.syscall((nint)Sys.Userfaultfd, FileFlag.O_CLOEXEC | Userfaultfd.UFFD_USER_MODE_ONLY, 0, 0, 0, 0);
        Assert.True(number >= 0, $"userfaultfd: {LastError.Get()}");
        return new WriteProtectTracker(new Userfault(new SafeFd((int)number)));
    }

    public void Write(int page) => Marshal.WriteByte(Address + (page * PageBytes) + 17, 1);

    public void Read(int page) => Assert.Equal(0, Marshal.ReadByte(Address + (page * PageBytes)));

    public void WriteAll()
    {
        for (var page = 0; page < _pages; page++)
        {
            Write(page);
        }
    }

    /// <summary>mremap(2) to another length, in place or elsewhere.</summary>
    public void Resize(int pages, bool move)
    {
        var flags = move ? Memory.MREMAP_MAYMOVE : 0;
        var address = Libc.syscall((nint)Sys.Mremap, Address, _pages * PageBytes, pages * PageBytes, flags, 0);
        Assert.True(address > 0, $"mremap: {LastError.Get()}");
        Address = address;
        _pages = pages;
    }

    /// <summary>Moves the mapping to another address.</summary>
    public void MoveAway()
    {
        var bytes = _pages * PageBytes;
        var target = Libc.mmap64(0, (nuint)bytes, Memory.PROT_READ, Memory.MAP_PRIVATE | Memory.MAP_ANONYMOUS, -1, 0);
        var moved = Libc.syscall((nint)Sys.Mremap, Address, bytes, bytes, Memory.MREMAP_MAYMOVE | Memory.MREMAP_FIXED, target);
        Assert.Equal(target, moved);
        Address = moved;
    }

    /// <summary>Unmaps all but the first pages; the rest is not unmapped again.</summary>
    public void UnmapBehind(int pages)
    {
        Assert.Equal(0, Libc.munmap(Address + (pages * PageBytes), (nuint)((_pages - pages) * PageBytes)));
        _pages = pages;
    }

    /// <summary>Has read(2) write into a page.</summary>
    public unsafe void ReadFileInto(int page)
    {
        using var file = File.OpenHandle("/proc/self/stat");
        Assert.True(RandomAccess.Read(file, new Span<byte>((void*)(Address + (page * PageBytes)), 100), 0) > 0);
    }

    /// <summary>Drops pages, MADV_DONTNEED.</summary>
    public void Drop(int first, int count)
    {
        const int DontNeed = 4;
        Assert.Equal(0, Libc.madvise(Address + (first * PageBytes), (nuint)(count * PageBytes), DontNeed));
    }

    /// <summary>First page and page behind the last of each range.</summary>
    public IEnumerable<(int First, int End)> OwnPages(bool useScan)
    {
        var ranges = new List<PageRange>();
        using var pages = PageMap.Open(_ours, useScan);
        pages.AddOwnPages(Mapping, ranges);
        return Numbers(ranges);
    }

    public (IEnumerable<(int First, int End)> Foreign, IEnumerable<(int First, int End)> Guards) ForeignPages(bool useScan)
    {
        var foreign = new List<PageRange>();
        var guards = new List<PageRange>();
        using var pages = PageMap.Open(_ours, useScan);
        pages.AddForeignPages(Mapping, foreign, guards, []);
        return (Numbers(foreign), Numbers(guards));
    }

    public IEnumerable<(int First, int End)> Written(ITracker tracker)
    {
        var written = new List<PageRange>();
        using var pages = PageMap.Open(_ours);
        var watched = tracker.Watch(Mappings);
        tracker.TakeWritten(Mappings, pages, written);
        if (watched.IsEmpty)
        {
            pages.AddOwnPages(Mapping, written);
        }

        return Numbers(PageSet.Of(written).Ranges);
    }

    public FrozenPages Settle(ProcessMemory memory)
    {
        using var pages = PageMap.Open(_ours);
        return memory.Settle(Mappings, pages, []);
    }

    /// <summary>Asks the tracker while the process runs.</summary>
    public void TakeAhead(ProcessMemory memory)
    {
        using var pages = PageMap.Open(_ours);
        memory.Watch([Mapping]);
        memory.TakeWritten([Mapping], pages);
    }

    /// <summary>Asks the tracker as while the process runs, with nothing registered anew.</summary>
    public IEnumerable<(int First, int End)> TakeLive(ProcessMemory memory)
    {
        using var pages = PageMap.Open(_ours);
        return Numbers(memory.TakeWritten([Mapping], pages).Ranges);
    }

    public IEnumerable<(int First, int End)> Numbers(IEnumerable<PageRange> ranges) => [.. PageSet.Of([.. ranges]).Within(Mapping.Range).Select(range => (Number(range.Start), Number(range.End)))];

    public void Dispose() => Assert.Equal(0, Libc.munmap(Address, (nuint)(_pages * PageBytes)));

    private static PrivateMapping MapRelocated()
    {
        using var file = File.OpenHandle(typeof(Area).Assembly.Location);
        var area = new Area(1, (int)file.DangerousGetHandle()); // never unmapped
        area.Write(0);
        Assert.Equal(0, Libc.syscall((nint)Sys.Mprotect, area.Address, PageBytes, Memory.PROT_READ, 0, 0));
        return area.Mapping with { IsWritable = false };
    }

    private int Number(ulong address) => (int)((long)(address - (ulong)Address) / PageBytes);
}
