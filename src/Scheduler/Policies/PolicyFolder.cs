using Checkpointer.Store;

namespace Checkpointer.Scheduler.Policies;

/// <summary>
/// The policies of a directory, one of each <c>*.json</c> in it. A directory that does not exist has none. A file that becomes bad, or goes, keeps what it said before, and
/// <see cref="Problems"/> says so: a slip of an editor must not end the care of jobs. May be used from several threads.
/// </summary>
internal sealed class PolicyFolder
{
    private readonly Lock _reloading = new();
    private readonly string _directory;
    private volatile Contents _contents;

    /// <summary>Reads the directory.</summary>
    public PolicyFolder(string directory)
    {
        _directory = directory;
        _contents = Load(new Contents([], [], []));
    }

    /// <summary>The directory.</summary>
    public string Directory => _directory;

    /// <summary>All policies, by name.</summary>
    public IReadOnlyList<PolicyFile> Files => _contents.Files;

    /// <summary>What is wrong with files of the directory.</summary>
    public IReadOnlyList<PolicyProblem> Problems => _contents.Problems;

    /// <summary>Looks at the files again now. By their times and sizes: notifications do not come from network file systems.</summary>
    /// <returns>Whether they say something else than before.</returns>
    public bool Reload()
    {
        lock (_reloading)
        {
            Contents before = _contents;
            if (Stamps().SequenceEqual(before.Stamps))
            {
                return false;
            }

            _contents = Load(before);
            return true;
        }
    }

    /// <summary>The policy of a file, also of one that was written just now.</summary>
    /// <exception cref="SchedulerException">There is none of that name, or the file is bad.</exception>
    public PolicyFile Named(string name)
    {
        if (TryNamed(name) is { } known)
        {
            return known;
        }

        _ = Reload();
        return TryNamed(name) ?? throw NoSuch(name);
    }

    /// <summary>Whether there is a file of that name, good or bad.</summary>
    public bool Has(string name)
    {
        Contents contents = _contents;
        return contents.Files.Any(file => file.Name == name) || contents.Problems.Any(problem => Path.GetFileNameWithoutExtension(problem.Path) == name);
    }

    /// <summary>What holds for a job: what was said with it, and what that does not say, from the policy file that it names.</summary>
    /// <exception cref="SchedulerException">There is none of that name, or the file is bad.</exception>
    public JobPolicy Resolve(JobRecord job) => Resolve(JobPolicy.Of(job));

    /// <summary>A policy, and what it does not say, from the policy file that it names.</summary>
    /// <exception cref="SchedulerException">There is none of that name, or the file is bad.</exception>
    public JobPolicy Resolve(JobPolicy policy) => policy.From is { } name ? policy.Over(Named(name).Policy) : policy;

    private PolicyFile? TryNamed(string name) => _contents.Files.FirstOrDefault(file => file.Name == name);

    private SchedulerException NoSuch(string name)
    {
        Contents contents = _contents;
        string path = Path.Combine(_directory, name + PolicyFileReader.Extension);
        return new SchedulerException(
            SchedulerFailure.BadConfiguration,
            contents.Problems.FirstOrDefault(problem => problem.Path == path) is { } problem ? $"policy {name} is bad: {problem}" : $"there is no policy {name}: {path} does not exist",
            contents.Files.Count > 0 ? $"policies are {string.Join(", ", contents.Files.Select(file => file.Name))}" : "make the file; docs/policies.md says how");
    }

    private Contents Load(Contents before)
    {
        // Stamps come first: a file that changes while it is read is read again.
        FileStamp[] stamps = Stamps();
        var files = new SortedDictionary<string, PolicyFile>(StringComparer.Ordinal);
        var problems = new List<PolicyProblem>();
        foreach (string path in stamps.Select(stamp => stamp.Path))
        {
            (PolicyFile? file, IReadOnlyList<PolicyProblem> found) = PolicyFileReader.Read(path);
            file ??= before.Files.FirstOrDefault(old => old.Path == path);
            if (file is not null)
            {
                files[path] = file;
            }

            problems.AddRange(found.Select(problem => problem with { KeepsOld = file is not null }));
        }

        foreach (PolicyFile gone in before.Files.Where(old => !files.ContainsKey(old.Path)))
        {
            files[gone.Path] = gone;
            problems.Add(new PolicyProblem(gone.Path, 0, "the file was removed", KeepsOld: true));
        }

        return new Contents([.. files.Values], problems, stamps);
    }

    private FileStamp[] Stamps() =>
    [
        .. new DirectoryInfo(_directory) is { Exists: true } directory
            ? directory.EnumerateFiles("*" + PolicyFileReader.Extension)
                .Select(file => new FileStamp(file.FullName, file.LastWriteTimeUtc, file.Exists ? file.Length : 0))
                .OrderBy(stamp => stamp.Path, StringComparer.Ordinal)
            : Enumerable.Empty<FileStamp>(),
    ];

    private sealed record FileStamp(string Path, DateTime ModifiedAt, long Bytes);

    private sealed record Contents(IReadOnlyList<PolicyFile> Files, IReadOnlyList<PolicyProblem> Problems, FileStamp[] Stamps);
}
