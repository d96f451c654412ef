using Checkpointer.Engine.Images;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;
using Microsoft.Extensions.Logging;

namespace Checkpointer.Engine.Restore;

/// <summary>Puts the tasks of a job into cgroups. Those that are made are removed again at disposal, unless the job is let go.</summary>
internal sealed class CgroupPlacer(GenerationImages images, CgroupChoice choice, ILogger logger) : IDisposable
{
    private readonly CgroupMounts _mounts = new();
    private readonly List<string> _made = [];
    private readonly Dictionary<string, string> _here =
        (ProcFs.TryCgroups(new ProcessId(Environment.ProcessId)) ?? []).ToDictionary(membership => membership.Controllers, membership => membership.Path);

    /// <summary>Puts all of them where they belong. Precondition: all threads exist.</summary>
    /// <exception cref="EngineException">One cannot be made or entered.</exception>
    public void Place(IEnumerable<RestoredProcess> processes)
    {
        if (choice == CgroupChoice.Ignore)
        {
            return;
        }

        foreach (var process in processes)
        {
            var image = process.Images.Process;
            foreach (var cgroup in SetOf(image.CgroupSet))
            {
                Enter(cgroup, "cgroup.procs", process.Id.Value);
            }

            foreach (var thread in image.Threads.Where(thread => thread.CgroupSet != 0))
            {
                foreach (var cgroup in SetOf(thread.CgroupSet).Except(SetOf(image.CgroupSet)))
                {
                    Enter(cgroup, cgroup.Controllers.Length == 0 ? "cgroup.threads" : "tasks", thread.Tid);
                }
            }
        }
    }

    /// <summary>The job runs: its cgroups stay.</summary>
    public void Keep() => _made.Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var directory in Enumerable.Reverse(_made))
        {
            try
            {
                Directory.Delete(directory);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                RestoreLog.CgroupStays(logger, directory, failure.Message);
            }
        }
    }

    private Google.Protobuf.Collections.RepeatedField<Cgroup> SetOf(uint index) => index == 0 ? [] : images.Inventory.CgroupSets[(int)index - 1].Cgroups;

    private void Enter(Cgroup cgroup, string file, int task)
    {
        var wanted = Target(cgroup);
        // Made by us, all of them are where we are.
        if (file == "cgroup.procs" && _here.GetValueOrDefault(cgroup.Controllers) == wanted)
        {
            return;
        }

        var directory = _mounts.DirectoryOf(cgroup.Controllers, wanted) ?? throw CannotEnter(cgroup, wanted, "its hierarchy is not mounted here");
        try
        {
            Provide(directory, cgroup);
            File.WriteAllText(Path.Combine(directory, file), $"{task}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CannotEnter(cgroup, wanted, failure.Message, failure);
        }
    }

    /// <summary>Path of the cgroup that stands for one of the job.</summary>
    private string Target(Cgroup cgroup)
    {
        var path = cgroup.Path.ToStringUtf8();
        if (choice == CgroupChoice.Original || !_here.TryGetValue(cgroup.Controllers, out var here))
        {
            return path;
        }

        var root = SetOf(images.Root.Process.CgroupSet).FirstOrDefault(ofRoot => ofRoot.Controllers == cgroup.Controllers)?.Path.ToStringUtf8() ?? path;
        var below = root == "/" ? path : path.StartsWith(root + "/", StringComparison.Ordinal) ? path[root.Length..] : string.Empty;
        return below.Length <= 1 ? here : here.TrimEnd('/') + below;
    }

    /// <summary>Makes a cgroup that is not there, with those above it.</summary>
    private void Provide(string directory, Cgroup cgroup)
    {
        if (Directory.Exists(directory))
        {
            return;
        }

        var parent = Path.GetDirectoryName(directory)!;
        var parentPath = Path.GetDirectoryName(cgroup.Path.ToStringUtf8()) ?? "/";
        Provide(parent, new Cgroup { Controllers = cgroup.Controllers, Path = Google.Protobuf.ByteString.CopyFromUtf8(parentPath) });
        _ = Directory.CreateDirectory(directory);
        _made.Add(directory);
        foreach (var property in images.Inventory.CgroupDirectories.FirstOrDefault(image => image.Cgroup.Equals(cgroup))?.Properties ?? [])
        {
            Set(directory, property);
        }
    }

    private void Set(string directory, CgroupProperty property)
    {
        var value = property.Value.ToStringUtf8().TrimEnd('\n');
        // A cgroup is a domain until it is told otherwise, and "domain threaded" by its children.
        if (property.Name == "cgroup.type" && value != "threaded")
        {
            return;
        }

        try
        {
            // Some take a line at a time.
            foreach (var line in value.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                File.WriteAllText(Path.Combine(directory, property.Name), line);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            RestoreLog.CgroupPropertyLost(logger, property.Name, directory, value, failure.Message);
        }
    }

    private static EngineException CannotEnter(Cgroup cgroup, string path, string why, Exception? failure = null) => new(
        EngineFailure.WorldChanged,
        $"The job cannot be put into the cgroup {path} ({(cgroup.Controllers.Length == 0 ? "cgroup v2" : cgroup.Controllers)}): {why}.",
        "set Engine:Cgroups to Ignore (CHECKPOINTER_Engine__Cgroups=Ignore) to restore it in the cgroup of checkpointer",
        failure);
}
