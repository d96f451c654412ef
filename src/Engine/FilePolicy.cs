namespace Checkpointer.Engine;

/// <summary>Which files a job's generations carry, and how much of them. Files that the job has open for writing are carried by themselves.</summary>
public sealed record FilePolicy
{
    /// <summary>What is done where nothing is said: a job comes back with its files as they were.</summary>
    public static FilePolicy Default { get; } = new();

    /// <summary>What is carried.</summary>
    public FileChoice Files { get; init; } = FileChoice.Contents;

    /// <summary>Files that are carried though no process has them open: absolute paths of files and directories, and patterns with <c>*</c> and
    /// <c>?</c>. A directory stands for all regular files below it.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>Most bytes of one file. Holes do not count. Defaults to 16 GiB: reading that takes some 10 s beside the job.</summary>
    public long FileBytesMax { get; init; } = 16L << 30;

    /// <summary>Most bytes of all files together. Defaults to 64 GiB.</summary>
    public long TotalBytesMax { get; init; } = 64L << 30;

    /// <summary>Most bytes of files that are copied while the job is frozen. Defaults to 64 MiB, some 20 ms.</summary>
    public long FreezeBytesMax { get; init; } = 64L << 20;

    /// <summary>True where a dump is refused when a file exceeds one of these; false where that file's size is carried, with a note.</summary>
    public bool RefusesOverBudget { get; init; }
}
