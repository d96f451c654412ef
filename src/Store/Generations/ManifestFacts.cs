using Checkpointer.Store.Generations.Messages;
using Checkpointer.Store.Packs;

namespace Checkpointer.Store.Generations;

/// <summary>The facts of a manifest that the store does not interpret.</summary>
internal static class ManifestFacts
{
    public static JobMessage ToMessage(JobRecord job)
    {
        var message = new JobMessage
        {
            Name = job.Name,
            Pid = job.Pid,
            StartTicks = job.StartTicks,
            BootId = job.BootId,
            Command = job.Command,
            RegisteredUs = Instant.ToMicroseconds(job.RegisteredAt),
            IsRegistered = job.IsRegistered,
            Policy = job.Policy,
        };
        if (job.Cgroup is not null)
        {
            message.Cgroup = job.Cgroup;
        }

        return message;
    }

    public static SummaryMessage ToMessage(GenerationSummary summary) => new()
    {
        Kind = summary.Kind,
        Tracker = summary.Tracker,
        Capture = summary.Capture,
        FreezeUs = summary.FreezeMicroseconds,
        Processes = summary.Processes,
        Threads = summary.Threads,
        PopulatedBytes = summary.PopulatedBytes,
        DirtyBytes = summary.DirtyBytes,
    };

    /// <exception cref="PackFormatException">A name that would be a path, or a time beyond all calendars.</exception>
    public static JobRecord FromMessage(JobMessage job)
    {
        PackFormatException.Require(Names.IsJob(job.Name), 0, "the manifest's job has a name that is not allowed");
        return new JobRecord(
            job.Name, job.Pid, job.StartTicks, job.BootId, job.Command, Time(job.RegisteredUs), job.IsRegistered,
            job.HasCgroup ? job.Cgroup : null, job.Policy);
    }

    public static GenerationSummary FromMessage(SummaryMessage summary)
        => new(
            summary.Kind, summary.Tracker, summary.Capture, summary.FreezeUs, summary.Processes, summary.Threads,
            summary.PopulatedBytes, summary.DirtyBytes);

    /// <exception cref="PackFormatException">Beyond all calendars.</exception>
    public static DateTimeOffset Time(long microseconds)
    {
        try
        {
            return Instant.FromMicroseconds(microseconds);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new PackFormatException(0, $"the manifest has the time {microseconds}");
        }
    }
}
