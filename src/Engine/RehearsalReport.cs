namespace Checkpointer.Engine;

/// <summary>What a rehearsal of a restore found (<see cref="CheckpointEngine.Rehearse"/>).</summary>
/// <param name="Processes">Processes that were made and compared; 0 where <paramref name="Obstacles"/> are in the way.</param>
/// <param name="Threads">Their threads, by number, registers and signal mask.</param>
/// <param name="Descriptors">Their descriptors, by number, position and flags.</param>
/// <param name="ComparedBytes">Bytes of memory that were found to be those of the generation.</param>
/// <param name="Differences">What was made otherwise than the generation says, a sentence each; empty where the job would come back.</param>
/// <param name="Obstacles">What cannot be made without changing something outside, so that nothing was made: the world was checked, and no more.</param>
/// <param name="NotCompared">What a restore does that a rehearsal leaves out, a sentence each.</param>
public sealed record RehearsalReport(
    int Processes, int Threads, int Descriptors, long ComparedBytes, IReadOnlyList<string> Differences, IReadOnlyList<string> Obstacles, IReadOnlyList<string> NotCompared);
