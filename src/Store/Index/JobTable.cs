using Checkpointer.Store.Index.Entities;
using Microsoft.EntityFrameworkCore;

namespace Checkpointer.Store.Index;

/// <summary>Reads and changes jobs.</summary>
internal sealed class JobTable(IndexDatabase index)
{
    /// <summary>Registered jobs and those that have generations, by name.</summary>
    public IReadOnlyList<JobRecord> All()
        => index.RunContext(context => context.Jobs
            .Where(job => job.IsRegistered || context.Generations.Any(generation => generation.JobId == job.Id))
            .OrderBy(job => job.Name)
            .AsEnumerable().Select(ToRecord).ToList());

    /// <summary>One job.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public JobRecord Get(string name) => index.RunContext(context => ToRecord(Find(context, name)));

    /// <summary>Adds a job, or takes an unregistered one up again.</summary>
    /// <exception cref="StoreException">AlreadyExists.</exception>
    public void Register(JobRecord record)
        => Change(context =>
        {
            var job = context.Jobs.AsTracking().FirstOrDefault(row => row.Name == record.Name);
            if (job is { IsRegistered: true })
            {
                throw new StoreException(StoreFailure.AlreadyExists, $"a job named '{record.Name}' is registered already", "choose another name, or unregister it first");
            }

            job ??= context.Jobs.Add(new JobEntity { Name = record.Name, BootId = "", Command = "", NextNumber = 1 }).Entity;
            job.Pid = record.Pid;
            job.StartTicks = unchecked((long)record.StartTicks);
            job.BootId = record.BootId;
            job.Command = record.Command;
            job.RegisteredAt = Instant.ToMicroseconds(record.RegisteredAt);
            job.IsRegistered = record.IsRegistered;
        });

    /// <summary>Replaces the process facts.</summary>
    public void UpdateProcess(string name, int pid, ulong startTicks, string bootId)
        => Change(context =>
        {
            var job = Find(context, name);
            job.Pid = pid;
            job.StartTicks = unchecked((long)startTicks);
            job.BootId = bootId;
        });

    /// <summary>Ends the registration.</summary>
    public void Unregister(string name) => Change(context => Find(context, name).IsRegistered = false);

    /// <summary>Takes the next generation number of a job; it is spent even if the generation is never committed.</summary>
    /// <exception cref="StoreException">NotFound.</exception>
    public long TakeNumber(string name)
        => index.Run(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "UPDATE jobs SET next_number = next_number + 1 WHERE name = $name RETURNING next_number - 1";
            command.Parameters.AddWithValue("$name", name);
            return command.ExecuteScalar() is long number ? number : throw NotFound(name);
        });

    private void Change(Action<IndexContext> change)
        => index.RunContext(context =>
        {
            change(context);
            return context.SaveChanges();
        });

    private static JobEntity Find(IndexContext context, string name)
        => context.Jobs.AsTracking().FirstOrDefault(job => job.Name == name) ?? throw NotFound(name);

    private static StoreException NotFound(string name)
        => new(StoreFailure.NotFound, $"there is no job named '{name}'", "'checkpointer jobs' lists them");

    private static JobRecord ToRecord(JobEntity job)
        => new(
            job.Name, job.Pid, unchecked((ulong)job.StartTicks), job.BootId, job.Command,
            Instant.FromMicroseconds(job.RegisteredAt), job.IsRegistered);
}
