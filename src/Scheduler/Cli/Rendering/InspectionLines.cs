using System.Globalization;
using Checkpointer.Engine;

namespace Checkpointer.Scheduler.Cli.Rendering;

/// <summary>A thread of <c>show --tree</c>.</summary>
internal sealed record ThreadLine(int Tid, string Name);

/// <summary>A process of <c>show --tree</c>.</summary>
internal sealed record ProcessLine(
    int Pid,
    int ParentPid,
    int ProcessGroup,
    int Session,
    string Name,
    string Executable,
    string WorkingDirectory,
    bool Stopped,
    IReadOnlyList<ThreadLine> Threads,
    IReadOnlyList<int> Zombies)
{
    /// <summary>From the engine's description.</summary>
    public static ProcessLine From(ProcessDescription process)
        => new(
            process.Pid,
            process.ParentPid,
            process.ProcessGroup,
            process.Session,
            process.Name,
            process.Executable,
            process.WorkingDirectory,
            process.IsStopped,
            [.. process.Threads.Select(thread => new ThreadLine(thread.Tid, thread.Name))],
            process.Zombies);
}

/// <summary>A mapping of <c>show --memory</c>. Addresses are hexadecimal, as in /proc/PID/maps.</summary>
internal sealed record MappingLine(int Pid, string Start, string End, ulong Bytes, string Access, string Kind, string Name, ulong Offset)
{
    /// <summary>From the engine's description.</summary>
    public static MappingLine From(int pid, MappingDescription mapping)
        => new(pid, Address(mapping.Start), Address(mapping.End), mapping.Bytes, mapping.Access, mapping.Kind, mapping.Name, mapping.Offset);

    /// <summary>An address as the kernel prints it.</summary>
    public static string Address(ulong address) => address.ToString("x8", CultureInfo.InvariantCulture);
}

/// <summary>A descriptor of <c>show --descriptors</c>.</summary>
internal sealed record DescriptorLine(int Pid, int Number, string Kind, string What, string Flags, long Position, uint OpenFile, bool CloseOnExec)
{
    /// <summary>From the engine's description.</summary>
    public static DescriptorLine From(int pid, DescriptorDescription descriptor)
        => new(
            pid, descriptor.Number, descriptor.Kind, descriptor.What, descriptor.Flags, descriptor.Position, descriptor.OpenFile, descriptor.ClosesOnExec);
}

/// <summary>A carried file of <c>show --files</c>.</summary>
internal sealed record CarriedFileLine(string Path, string Carries, ulong Bytes, DateTimeOffset ModifiedAt)
{
    private const long NanosecondsPerTick = 100;

    /// <summary>From the engine's description.</summary>
    public static CarriedFileLine From(FileDescription file)
        => new(file.Path, file.Carries, file.Bytes, DateTimeOffset.UnixEpoch.AddTicks(file.ModifiedNs / NanosecondsPerTick));
}

/// <summary>A process that came, went or changed, in <c>diff</c>.</summary>
internal sealed record ProcessChangeLine(int Pid, string Change, string Name, IReadOnlyList<int> ThreadsStarted, IReadOnlyList<int> ThreadsEnded);

/// <summary>A range of addresses.</summary>
internal sealed record RangeLine(string Start, string End);

/// <summary>A mapping that came, went, or whose size or pages changed, in <c>diff</c>.</summary>
internal sealed record MappingChangeLine(
    int Pid, string Change, string Start, string End, string Access, string Name, ulong ChangedBytes, int RangeCount, IReadOnlyList<RangeLine> Ranges);

/// <summary>A descriptor that came, went or is another file now, in <c>diff</c>.</summary>
internal sealed record DescriptorChangeLine(int Pid, int Number, string Change, string? Before, string? After);

/// <summary>A carried file that came, went or changed, in <c>diff</c>.</summary>
internal sealed record FileChangeLine(string Path, string Change, ulong? BytesBefore, ulong? BytesAfter, ulong ChangedBytes);

/// <summary>Result of <c>diff</c>.</summary>
internal sealed record DiffLine(
    string Before,
    string After,
    bool Same,
    ulong ChangedBytes,
    IReadOnlyList<ProcessChangeLine> Processes,
    IReadOnlyList<MappingChangeLine> Memory,
    IReadOnlyList<DescriptorChangeLine> Descriptors,
    IReadOnlyList<FileChangeLine> Files);
