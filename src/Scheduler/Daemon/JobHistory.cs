using System.Globalization;
using Checkpointer.Engine;
using Checkpointer.Engine.Support;
using Checkpointer.Scheduler.Jobs;
using Checkpointer.Scheduler.Recovery;
using Checkpointer.Store;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Scheduler.Daemon;

/// <summary>Writes down what happens to jobs, in the store and in the log.</summary>
internal sealed class JobHistory(IJobStore store, TimeProvider time, ILogger log)
{
    /// <summary>Told of it, too.</summary>
    public IReadOnlyList<IJobObserver> Observers { get; set; } = [];

    /// <summary>A generation was committed.</summary>
    public void Dumped(DumpOutcome outcome)
    {
        GenerationRecord record = outcome.Generation;
        Add(new JobEvent(record.Name.Job, Now, EventKind.Dumped, string.Create(
            CultureInfo.InvariantCulture, $"{record.Summary.Kind}, frozen {record.Summary.FreezeMicroseconds} us, done in {record.Duration.TotalMilliseconds:0} ms"))
        { Generation = record.Name.Number, Pid = outcome.Report.Root.Pid.Value });
        Tell(observer => observer.Dumped(record));
    }

    /// <summary>A dump failed.</summary>
    public void DumpFailed(string job, Exception why) => Add(new JobEvent(job, Now, EventKind.DumpFailed, why.Message));

    /// <summary>Due times passed that have no dump of their own: the one that is begun now stands for them.</summary>
    public void Missed(string job, int times) => Tell(observer => observer.Missed(job, times));

    /// <summary>The job ended. Returns the word for it.</summary>
    /// <param name="job">Its name.</param>
    /// <param name="process">Its root.</param>
    /// <param name="end">How.</param>
    /// <param name="relapsedFrom">Generation that it came back from just before; null for none.</param>
    public string Ended(string job, int process, ProcessEnd end, long? relapsedFrom)
    {
        (string kind, string detail) = Describe(end);
        Add(new JobEvent(job, Now, kind, detail) { Pid = process, ExitCode = end.ExitCode, Signal = end.Signal, Generation = kind == EventKind.Finished ? null : relapsedFrom });
        return kind;
    }

    /// <summary>The job ended while the host goes down, as all that runs there does. How says nothing: many programs end with exit code 0 when they are told to.</summary>
    public void Interrupted(string job, int process, ProcessEnd end)
        => Add(new JobEvent(job, Now, EventKind.Interrupted, $"the host goes down: {Describe(end).Detail}") { Pid = process, ExitCode = end.ExitCode, Signal = end.Signal });

    /// <summary>The job was restored.</summary>
    public void Recovered(RestoredGeneration restored)
    {
        Add(new JobEvent(restored.Generation.Job, Now, EventKind.Recovered, string.Create(CultureInfo.InvariantCulture, $"in {restored.Duration.TotalMilliseconds:0} ms"))
        {
            Generation = restored.Generation.Number,
            Pid = restored.Report.Root.Pid.Value,
        });
        Tell(observer => observer.Recovered(restored.Generation, restored.Duration));
    }

    /// <summary>A restore failed.</summary>
    public void RecoveryFailed(GenerationName generation, Exception why)
        => Add(new JobEvent(generation.Job, Now, EventKind.RecoveryFailed, why.Message) { Generation = generation.Number });

    /// <summary>Stored bytes were proved; what is spoiled is told to those whose jobs it is.</summary>
    public void Verified(IReadOnlyList<string> jobs, VerifyReport report)
    {
        ILookup<string, GenerationName> spoiled = report.Damages.SelectMany(damage => damage.Generations).Distinct().ToLookup(name => name.Job, StringComparer.Ordinal);
        foreach (string job in jobs)
        {
            if (spoiled[job].OrderBy(name => name.Number).ToList() is { Count: > 0 } bad)
            {
                string why = string.Create(CultureInfo.InvariantCulture, $"{bad.Count} generation(s) are spoiled, the newest {bad[^1]}: {report.Damages[0].Where}: {report.Damages[0].What}");
                Add(new JobEvent(job, Now, EventKind.Damaged, why) { Generation = bad[^1].Number });
                Tell(observer => observer.Spoiled(job, why));
            }
            else if (!store.Generations(job).Any(generation => generation.IsDamaged))
            {
                Tell(observer => observer.Sound(job));
            }
        }
    }

    /// <summary>It was tried whether the job would come back.</summary>
    public void Rehearsed(RehearsalOutcome outcome)
    {
        Add(EventKind.OfRehearsal(outcome.Job, Now, outcome.Status is RehearsalStatus.Proven or RehearsalStatus.Checked, outcome.Generation?.Number, outcome.Detail));
        Tell(observer => observer.Rehearsed(outcome.Job, outcome.Word, outcome.Detail));
    }

    /// <summary>A restore waits for somebody else.</summary>
    public void RecoveryWaits(GenerationName generation, Exception why)
        => Add(new JobEvent(generation.Job, Now, EventKind.RecoveryWaits, why is EngineException { Hint: { } hint } ? $"{why.Message} {hint}" : why.Message) { Generation = generation.Number });

    /// <summary>Something that a word and a sentence tell.</summary>
    public void Note(string job, string kind, string detail, ProcessIdentity? process = null) => Add(new JobEvent(job, Now, kind, detail) { Pid = process?.Pid.Value });

    private DateTimeOffset Now => time.GetUtcNow();

    private static (string Kind, string Detail) Describe(ProcessEnd end) => end switch
    {
        { ExitCode: 0 } => (EventKind.Finished, "exit code 0"),
        { ExitCode: { } code } => (EventKind.Failed, string.Create(CultureInfo.InvariantCulture, $"exit code {code}")),
        { Signal: { } signal } => (EventKind.Killed, string.Create(CultureInfo.InvariantCulture, $"signal {signal}")),
        _ => (EventKind.Vanished, "how it ended is not known"),
    };

    private void Add(JobEvent happened)
    {
        DaemonLog.Happened(log, happened.Job, happened.Kind, happened.Generation, happened.Pid, happened.Detail);
        try
        {
            store.AddEvent(happened);
        }
        catch (StoreException failure)
        {
            // What happened has happened; that it could not be written down must not keep a job from being recovered.
            DaemonLog.EventLost(log, failure, happened.Job, happened.Kind);
        }

        switch (happened.Kind)
        {
            case EventKind.DumpFailed:
                Tell(observer => observer.DumpFailed(happened.Job, happened.Detail));
                break;
            case EventKind.RecoveryFailed or EventKind.GaveUp:
                Tell(observer => observer.RecoveryFailed(happened.Job, happened.Detail));
                break;
            case var kind when EventKind.IsCrash(kind):
                Tell(observer => observer.Crashed(happened.Job, happened.Detail));
                break;
        }
    }

    private void Tell(Action<IJobObserver> what)
    {
        foreach (IJobObserver observer in Observers)
        {
            what(observer);
        }
    }
}
