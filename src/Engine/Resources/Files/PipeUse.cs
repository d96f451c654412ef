using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>A pipe that the job holds.</summary>
/// <param name="Id">Number in the generation, from 1.</param>
/// <param name="Inode">Its inode on pipefs.</param>
/// <param name="OpenPath">A link in /proc through which it can be opened again.</param>
/// <param name="Process">A process that holds it.</param>
/// <param name="Descriptor">One descriptor of that process for it.</param>
internal sealed record PipeUse(uint Id, ulong Inode, string OpenPath, ProcessId Process, int Descriptor);
