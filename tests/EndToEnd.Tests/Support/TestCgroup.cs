using System.Text;
using Checkpointer.EndToEnd.Tests.Interop;
using Xunit;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>An empty cgroup, removed at disposal.</summary>
internal sealed class TestCgroup : IDisposable
{
    private TestCgroup(string directory)
    {
        Path = directory;
    }

    /// <summary>Its directory.</summary>
    public string Path { get; }

    /// <summary>PIDs of the processes in it.</summary>
    public IReadOnlyList<int> Processes => [.. File.ReadAllLines(System.IO.Path.Combine(Path, "cgroup.procs")).Select(int.Parse)];

    /// <summary>The hierarchy of cgroup v1 that freezes.</summary>
    public const string Freezer = "freezer";

    /// <summary>What can be had here: <c>pids</c> and <c>freezer</c>, hierarchies of cgroup v1, and the empty name of cgroup v2.</summary>
    public static IReadOnlyList<string> Controllers { get; } = [.. new[] { "", "pids", Freezer }.Where(IsThere)];

    /// <summary>The hierarchy of cgroup v1 that limits memory.</summary>
    public const string Memory = "memory";

    /// <summary>True where cgroups of a hierarchy can be made here.</summary>
    public static bool CanMake(string controller) => IsThere(controller);

    /// <summary>Limits the memory of its processes; of the hierarchy <see cref="Memory"/>.</summary>
    public void LimitMemory(long bytes) => File.WriteAllText(System.IO.Path.Combine(Path, "memory.limit_in_bytes"), $"{bytes}");

    /// <summary>True while all its processes are frozen.</summary>
    public bool IsFrozen => IsV1 ? Read("freezer.state") == "FROZEN\n" : Read("cgroup.events").Contains("frozen 1", StringComparison.Ordinal);

    private bool IsV1 => File.Exists(System.IO.Path.Combine(Path, "freezer.state"));

    /// <summary>Makes one below ours.</summary>
    public static TestCgroup Make(string controller) => new(Directory.CreateDirectory($"{Base(controller)}/checkpointer-e2e-{Guid.NewGuid():N}").FullName);

    /// <summary>Freezes or thaws its processes, and waits until that is done.</summary>
    public void Freeze(bool isToFreeze)
    {
        var (file, value) = IsV1 ? ("freezer.state", isToFreeze ? "FROZEN" : "THAWED") : ("cgroup.freeze", isToFreeze ? "1" : "0");
        File.WriteAllText(System.IO.Path.Combine(Path, file), value);
        Wait.Until(() => IsFrozen == isToFreeze, Wait.Patience, () => $"{Path} does not freeze or thaw");
    }

    /// <summary>True where it was asked to freeze.</summary>
    public bool IsToFreeze => IsV1 ? Read("freezer.self_freezing") == "1\n" : Read("cgroup.freeze") == "1\n";

    /// <summary>Marks it as held by a process, as a dump does.</summary>
    public unsafe void MarkAsHeld(int pid, long startTicks)
    {
        var text = Encoding.ASCII.GetBytes($"{pid} {startTicks}");
        fixed (byte* bytes = text)
        {
            Assert.Equal(0, Libc.setxattr(Path, IsV1 ? "trusted.checkpointer.held" : "user.checkpointer.held", bytes, (nuint)text.Length, 0));
        }
    }

    /// <summary>Removes it, as happens to the cgroups of a service that has ended.</summary>
    public void Remove() => Wait.Until(TryRemove, Wait.Patience, () => $"{Path} cannot be removed, there are {string.Join(' ', Processes)}");

    /// <inheritdoc/>
    public void Dispose() => Remove();

    private string Read(string file) => File.ReadAllText(System.IO.Path.Combine(Path, file));

    private bool TryRemove()
    {
        if (!Directory.Exists(Path))
        {
            return true;
        }

        try
        {
            Directory.Delete(Path);
            return true;
        }
        catch (IOException)
        {
            return false; // what ended just now is still in it
        }
    }

    private static bool IsThere(string controller)
    {
        try
        {
            using var trial = Base(controller) is null ? null : Make(controller);
            return trial is not null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Directory of the cgroup that we are in; null where the hierarchy is not mounted.</summary>
    private static string? Base(string controller)
    {
        var mount = File.ReadAllLines("/proc/self/mounts").Select(line => line.Split(' ')).FirstOrDefault(fields => controller.Length == 0
            ? fields[2] == "cgroup2"
            : fields[2] == "cgroup" && fields[3].Split(',').Contains(controller));
        var ours = File.ReadAllLines("/proc/self/cgroup").Select(line => line.Split(':', 3)).FirstOrDefault(fields => fields[1].Split(',').Contains(controller));
        return mount is null || ours is null ? null : mount[1] + ours[2].TrimEnd('/');
    }
}

/// <summary>A theory that needs root and a cgroup of its own.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CgroupTheoryAttribute : Xunit.TheoryAttribute
{
    public CgroupTheoryAttribute() => Skip = CgroupFactAttribute.WhyNot;
}

/// <summary>A test that needs root and a cgroup of its own.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CgroupFactAttribute : Xunit.FactAttribute
{
    public CgroupFactAttribute() => Skip = WhyNot;

    /// <summary>Why there can be none; null where there can.</summary>
    public static string? WhyNot => Privileges.MissingRoot ?? (TestCgroup.Controllers.Count > 0 ? null : "no cgroup can be made here");
}

/// <summary>A test that needs root, a limit of memory, and a kernel that tells of memory pressure.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PressureFactAttribute : Xunit.FactAttribute
{
    public PressureFactAttribute() => Skip = Privileges.MissingRoot
        ?? (!Checkpointer.Engine.PressureWatcher.IsSupported ? "the kernel does not tell of memory pressure"
            : TestCgroup.CanMake(TestCgroup.Memory) ? null : "no memory limit can be made here");
}
