using System.Text.Json;
using System.Text.Json.Serialization;

namespace Checkpointer.Scheduler.Upkeep;

/// <summary>How a kind of upkeep went the last time.</summary>
/// <param name="At">When it was begun.</param>
/// <param name="Outcome"><see cref="Ok"/>, or <see cref="Failed"/>.</param>
/// <param name="Detail">A sentence.</param>
/// <param name="LastOk">When the last one was begun that went well; null for none.</param>
internal sealed record UpkeepRecord(DateTimeOffset At, string Outcome, string Detail, DateTimeOffset? LastOk)
{
    /// <summary>It was done, and found nothing wrong.</summary>
    public const string Ok = "ok";

    /// <summary>It could not be done, or found damage.</summary>
    public const string Failed = "failed";
}

/// <summary>How the last rehearsal of a job ended.</summary>
/// <param name="At">When.</param>
/// <param name="Outcome"><c>proven</c>, <c>checked</c>, <c>failed</c> or <c>nothing</c>.</param>
/// <param name="Generation">Number of the generation; null for none.</param>
/// <param name="Detail">A sentence.</param>
internal sealed record RehearsalRecord(DateTimeOffset At, string Outcome, long? Generation, string Detail);

/// <summary>What the service knows beyond its own end.</summary>
internal sealed record Remembered
{
    /// <summary>The last rehearsal of each job.</summary>
    public Dictionary<string, RehearsalRecord> Rehearsals { get; init; } = [];

    /// <summary>The last upkeep of each kind.</summary>
    public Dictionary<string, UpkeepRecord> Upkeep { get; init; } = [];

    /// <summary>What fails, of which job: <c>dump</c>, <c>recovery</c> ... People were told.</summary>
    public Dictionary<string, List<string>> Failing { get; init; } = [];
}

/// <summary>How it is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(Remembered))]
internal sealed partial class RememberedJson : JsonSerializerContext;

/// <summary>
/// What the service remembers over its end, in a file of the store's directory. It is of no worth for restoring anything: where it is lost or damaged, the service begins
/// anew, and people may be told once more what they know. May be used from several threads.
/// </summary>
internal sealed class ServiceMemory
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "service.json";

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly Action<Exception, string> _lost;
    private readonly Remembered _remembered;

    /// <summary>Reads what there is.</summary>
    /// <param name="directory">The directory of the store.</param>
    /// <param name="lost">Told where the file, the second, could not be read or written.</param>
    public ServiceMemory(string directory, Action<Exception, string> lost)
    {
        _path = Path.Combine(directory, FileName);
        _lost = lost;
        _remembered = Read();
    }

    /// <summary>The last upkeep of a kind; null for none.</summary>
    public UpkeepRecord? Upkeep(string work)
    {
        lock (_gate)
        {
            return _remembered.Upkeep.GetValueOrDefault(work);
        }
    }

    /// <summary>Remembers an upkeep.</summary>
    public void Remember(string work, UpkeepRecord record) => Change(() =>
    {
        _remembered.Upkeep[work] = record;
        return true;
    });

    /// <summary>The last rehearsal of a job; null for none.</summary>
    public RehearsalRecord? Rehearsal(string job)
    {
        lock (_gate)
        {
            return _remembered.Rehearsals.GetValueOrDefault(job);
        }
    }

    /// <summary>Remembers a rehearsal.</summary>
    public void RememberRehearsal(string job, RehearsalRecord record) => Change(() =>
    {
        _remembered.Rehearsals[job] = record;
        return true;
    });

    /// <summary>Notes that something fails. False where that was known.</summary>
    public bool BeginsToFail(string job, string work) => Change(() =>
    {
        List<string> works = _remembered.Failing.TryGetValue(job, out List<string>? known) ? known : _remembered.Failing[job] = [];
        if (works.Contains(work))
        {
            return false;
        }

        works.Add(work);
        return true;
    });

    /// <summary>Notes that something works. True where it failed until now.</summary>
    public bool WorksAgain(string job, string work) => Change(() =>
    {
        if (!_remembered.Failing.TryGetValue(job, out List<string>? known) || !known.Remove(work))
        {
            return false;
        }

        if (known.Count == 0)
        {
            _remembered.Failing.Remove(job);
        }

        return true;
    });

    /// <summary>Forgets jobs that are not there any more.</summary>
    public void Keep(IReadOnlySet<string> jobs) => Change(() =>
    {
        List<string> gone = [.. _remembered.Failing.Keys.Concat(_remembered.Rehearsals.Keys).Where(job => !jobs.Contains(job))];
        gone.ForEach(job => _ = _remembered.Failing.Remove(job) | _remembered.Rehearsals.Remove(job));
        return gone.Count > 0;
    });

    private bool Change(Func<bool> change)
    {
        lock (_gate)
        {
            bool isChanged = change();
            if (isChanged)
            {
                Write();
            }

            return isChanged;
        }
    }

    private Remembered Read()
    {
        try
        {
            return File.Exists(_path) ? JsonSerializer.Deserialize(File.ReadAllBytes(_path), RememberedJson.Default.Remembered) ?? new Remembered() : new Remembered();
        }
        catch (Exception damaged) when (damaged is JsonException or IOException or UnauthorizedAccessException)
        {
            _lost(damaged, _path);
            return new Remembered();
        }
    }

    // A file that is half written is never seen. Without an fsync: after a crash of the host the last change may be lost, which costs an alert at most.
    private void Write()
    {
        try
        {
            string fresh = _path + ".new";
            File.WriteAllBytes(fresh, JsonSerializer.SerializeToUtf8Bytes(_remembered, RememberedJson.Default.Remembered));
            File.SetUnixFileMode(fresh, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.Move(fresh, _path, overwrite: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _lost(failure, _path);
        }
    }
}
