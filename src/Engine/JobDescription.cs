namespace Checkpointer.Engine;

/// <summary>What a generation holds, for people and for comparison: nothing that a restore would need beyond that.</summary>
/// <param name="Processes">Live processes, parents before children.</param>
/// <param name="Files">Files of which the generation carries something.</param>
public sealed record JobDescription(IReadOnlyList<ProcessDescription> Processes, IReadOnlyList<FileDescription> Files);

/// <summary>A process of a generation.</summary>
/// <param name="Pid">Its PID.</param>
/// <param name="ParentPid">Its parent; of the root whoever it was.</param>
/// <param name="ProcessGroup">Its process group.</param>
/// <param name="Session">Its session.</param>
/// <param name="Name">Name of its main thread.</param>
/// <param name="Executable">Path of the executable.</param>
/// <param name="WorkingDirectory">Path of the working directory.</param>
/// <param name="IsStopped">Whether it was in a job-control stop.</param>
/// <param name="Threads">Threads, the main thread first.</param>
/// <param name="Zombies">PIDs of ended children that nobody waited for yet.</param>
/// <param name="Mappings">Memory, ascending.</param>
/// <param name="Descriptors">Descriptors by number; those of a table that it shares are listed with each process.</param>
public sealed record ProcessDescription(
    int Pid, int ParentPid, int ProcessGroup, int Session, string Name, string Executable, string WorkingDirectory, bool IsStopped,
    IReadOnlyList<ThreadDescription> Threads, IReadOnlyList<int> Zombies, IReadOnlyList<MappingDescription> Mappings,
    IReadOnlyList<DescriptorDescription> Descriptors);

/// <summary>A thread.</summary>
/// <param name="Tid">Its TID.</param>
/// <param name="Name">Its name.</param>
public sealed record ThreadDescription(int Tid, string Name);

/// <summary>A mapping.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">Address behind the last.</param>
/// <param name="Access">As in /proc/PID/maps: <c>rw-p</c>.</param>
/// <param name="Kind">One word: <c>anonymous</c>, <c>file</c>, <c>shared</c>, <c>vdso</c>, <c>aio</c> or <c>sysv</c>.</param>
/// <param name="Name">Path, or a name in brackets; empty for plain memory.</param>
/// <param name="Offset">Offset in the file or shared object.</param>
/// <param name="Content">Content of the generation that holds its pages.</param>
/// <param name="ContentOffset">Where in that content its first page is.</param>
public sealed record MappingDescription(
    ulong Start, ulong End, string Access, string Kind, string Name, ulong Offset, string Content, ulong ContentOffset)
{
    /// <summary>Its size, bytes.</summary>
    public ulong Bytes => End - Start;
}

/// <summary>A descriptor.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Kind">One word: <c>regular</c>, <c>pipe</c>, <c>socket</c> ...</param>
/// <param name="What">Path, or what the kernel calls it.</param>
/// <param name="Flags">Flags of the open file, octal as in /proc/PID/fdinfo.</param>
/// <param name="Position">File position, bytes.</param>
/// <param name="OpenFile">Descriptors with the same number share an open file.</param>
/// <param name="ClosesOnExec">FD_CLOEXEC.</param>
public sealed record DescriptorDescription(int Number, string Kind, string What, string Flags, long Position, uint OpenFile, bool ClosesOnExec);

/// <summary>A file of which a generation carries something.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Carries"><c>contents</c>, <c>size</c> or <c>nothing</c>.</param>
/// <param name="Bytes">Its size at the freeze.</param>
/// <param name="ModifiedNs">Its modification time, nanoseconds since 1970.</param>
/// <param name="Content">Content of the generation with its bytes; empty where they are not carried.</param>
public sealed record FileDescription(string Path, string Carries, ulong Bytes, long ModifiedNs, string Content);
