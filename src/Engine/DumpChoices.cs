namespace Checkpointer.Engine;

/// <summary>What becomes of TCP connections that lead out of the job.</summary>
public enum TcpChoice
{
    /// <summary>A job that has one is refused.</summary>
    Refuse,

    /// <summary>After a restore each is one whose peer has reset it.</summary>
    Close,

    /// <summary>They go on where the job is stopped by the dump and restored on the same host before that is started again; else as with <see cref="Close"/>.</summary>
    Keep,
}

/// <summary>What whoever dumps a job decides about state that cannot be carried as it is.</summary>
/// <param name="IsShellJob">The terminal that the job was started in is replaced by that of whoever restores.</param>
/// <param name="Tcp">What becomes of TCP connections that lead out of the job.</param>
public sealed record DumpChoices(bool IsShellJob = false, TcpChoice Tcp = TcpChoice.Refuse)
{
    /// <summary>Nothing that differs after a restore is accepted.</summary>
    public static DumpChoices Default { get; } = new();
}
