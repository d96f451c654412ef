using Checkpointer.Store;

namespace Checkpointer.Scheduler.Jobs;

/// <summary>Told what happens to jobs, when it has happened. Never throws and never takes long: a recovery may wait for it.</summary>
internal interface IJobObserver
{
    /// <summary>A generation was committed.</summary>
    void Dumped(GenerationRecord generation);

    /// <summary>A dump failed or was refused.</summary>
    void DumpFailed(string job, string why);

    /// <summary>The job ended and nobody asked for it.</summary>
    void Crashed(string job, string how);

    /// <summary>The job was restored.</summary>
    void Recovered(GenerationName generation, TimeSpan duration);

    /// <summary>Due times passed without a dump of their own.</summary>
    void Missed(string job, int times);

    /// <summary>A verify has found generations of the job that are spoiled.</summary>
    void Spoiled(string job, string why);

    /// <summary>No generation of the job is known to be spoiled, after a verify.</summary>
    void Sound(string job);

    /// <summary>It was tried whether the job would come back.</summary>
    /// <param name="job">Its name.</param>
    /// <param name="outcome"><c>proven</c>, <c>checked</c>, <c>failed</c> or <c>nothing</c>.</param>
    /// <param name="detail">A sentence.</param>
    void Rehearsed(string job, string outcome, string detail);

    /// <summary>A restore failed, or there is nothing left to try.</summary>
    void RecoveryFailed(string job, string why);
}
