using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>A pipe or FIFO that the job holds.</summary>
/// <param name="Id">Number in the generation, from 1.</param>
/// <param name="Target">What the links of /proc to it say: <c>pipe:[INODE]</c>, or the FIFO's path.</param>
/// <param name="Stat">Its inode.</param>
/// <param name="OpenPath">A link in /proc through which it can be opened again.</param>
/// <param name="Process">A process that holds it.</param>
/// <param name="Descriptor">One descriptor of that process for it.</param>
internal sealed record PipeUse(uint Id, string Target, FileStat Stat, string OpenPath, ProcessId Process, int Descriptor)
{
    /// <summary>True where it has, or had, a name.</summary>
    public bool IsFifo => Target.StartsWith('/');
}
