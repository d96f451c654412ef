namespace Checkpointer.Engine.Proc;

/// <summary>One mapping of a process: a header line of /proc/PID/maps or /proc/PID/smaps, and what smaps adds.</summary>
internal sealed record Vma
{
    private const string AnonymousPrefix = "[anon:";
    private const string AnonymousSharedPrefix = "[anon_shmem:";

    /// <summary>First address.</summary>
    public required ulong Start { get; init; }

    /// <summary>Address behind the last; always above <see cref="Start"/>.</summary>
    public required ulong End { get; init; }

    /// <summary>r</summary>
    public required bool Readable { get; init; }

    /// <summary>w</summary>
    public required bool Writable { get; init; }

    /// <summary>x</summary>
    public required bool Executable { get; init; }

    /// <summary>s (MAP_SHARED) and not p.</summary>
    public required bool IsShared { get; init; }

    /// <summary>Offset into the file in bytes.</summary>
    public required ulong Offset { get; init; }

    /// <summary>Device of the file.</summary>
    public required uint DeviceMajor { get; init; }

    /// <summary>Device of the file.</summary>
    public required uint DeviceMinor { get; init; }

    /// <summary>Inode of the file, 0 where there is none.</summary>
    public required ulong Inode { get; init; }

    /// <summary>
    /// Path of the file, a special name in brackets, or empty. Newlines are decoded; the kernel leaves backslashes alone,
    /// so a file that is really named <c>\012</c> cannot be told from one with a newline: compare device and inode.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>One <c> (deleted)</c> was stripped from <see cref="Path"/>. A living file may really be named so: compare device and inode.</summary>
    public required bool IsDeleted { get; init; }

    /// <summary>Flags of smaps; <see cref="VmaFlags.None"/> where <see cref="HasVmFlags"/> is false.</summary>
    public required VmaFlags VmFlags { get; init; }

    /// <summary>False where read from maps, which has no flags.</summary>
    public required bool HasVmFlags { get; init; }

    /// <summary>Two-letter codes that we do not know, joined by spaces; empty where we know all.</summary>
    public required string UnknownFlags { get; init; }

    /// <summary><c>KernelPageSize</c> of smaps in bytes, 0 where read from maps.</summary>
    public required ulong KernelPageBytes { get; init; }

    /// <summary><c>ProtectionKey</c> of smaps, 0 where there is none.</summary>
    public required int ProtectionKey { get; init; }

    /// <summary>Length in bytes.</summary>
    public ulong Bytes => End - Start;

    /// <summary>False where the path has bytes that are not UTF-8: it was replaced in parts and cannot be opened.</summary>
    public bool IsPathExact => !Path.Contains('\uFFFD', StringComparison.Ordinal);

    /// <summary>Code that the kernel maps into every process.</summary>
    public bool IsVdso => Path == "[vdso]";

    /// <summary>Data of the vDSO: [vvar], [vvar_vclock] and what later kernels add.</summary>
    public bool IsVvar => Path.StartsWith("[vvar", StringComparison.Ordinal);

    /// <summary>The old page at a fixed address above user space; not a real mapping.</summary>
    public bool IsVsyscall => Path == "[vsyscall]";

    /// <summary>The brk area.</summary>
    public bool IsHeap => Path == "[heap]";

    /// <summary>The stack of the main thread.</summary>
    public bool IsStack => Path == "[stack]";

    /// <summary>Name given by PR_SET_VMA_ANON_NAME, or null. It never holds a bracket.</summary>
    public string? AnonymousName
    {
        get
        {
            string? prefix = Path.StartsWith(AnonymousPrefix, StringComparison.Ordinal) ? AnonymousPrefix
                : Path.StartsWith(AnonymousSharedPrefix, StringComparison.Ordinal) ? AnonymousSharedPrefix
                : null;
            return prefix is null || !Path.EndsWith(']') ? null : Path[prefix.Length..^1];
        }
    }
}
