using System.Runtime.InteropServices;
using Checkpointer.EndToEnd.Tests.Interop;
using Xunit;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>A file system of a kind in a file, mounted through a loop device; unmounted at disposal.</summary>
internal sealed class LoopDisk : IDisposable
{
    private const long Bytes = 512L << 20; // mkfs.xfs makes none below 300 MiB
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    /// <summary>Makes and mounts it on a new directory below <paramref name="parent"/>.</summary>
    public LoopDisk(string parent, string kind)
    {
        var image = Path.Combine(parent, kind + ".image");
        Directory = System.IO.Directory.CreateDirectory(Path.Combine(parent, kind)).FullName;
        using (var file = File.Create(image))
        {
            file.SetLength(Bytes);
        }

        Run(parent, "mkfs." + kind, "-q", image);
        Run(parent, "mount", "-o", "loop", "-t", kind, image, Directory);
    }

    /// <summary>Where it is mounted.</summary>
    public string Directory { get; }

    /// <summary>Why there can be none of a kind; null where there can.</summary>
    public static string? Missing(string kind)
    {
        if (!File.ReadAllText("/proc/filesystems").Split('\n').Any(line => line.Trim() == kind))
        {
            return $"this kernel has no {kind}";
        }

        return File.Exists("/dev/loop-control") && Privileges.HasCommand("mkfs." + kind) ? null : $"there is no loop device or no mkfs.{kind}";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Libc.umount2(Directory, Libc.MNT_DETACH) != 0)
        {
            throw new InvalidOperationException($"umount {Directory}: error {Marshal.GetLastPInvokeError()}");
        }
    }

    private static void Run(string directory, params string[] command)
    {
        var output = Path.Combine(directory, "mkfs.out");
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Append("/sbin").Select(part => Path.Combine(part, command[0])).First(File.Exists);
        var pid = Spawner.Spawn(new SpawnRequest(path, [.. command.Skip(1)], TestJob.Inherited(), output, output, directory));
        var status = Child.Reap(pid, _patience, () => string.Join(' ', command));
        if (status is not { Exited: true, Code: 0 })
        {
            throw new InvalidOperationException($"{string.Join(' ', command)}: {status}: {File.ReadAllText(output)}");
        }
    }
}

/// <summary>A test that needs root and a file system in a file.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LoopDiskFactAttribute : FactAttribute
{
    public LoopDiskFactAttribute(string kind)
    {
        Kind = kind;
        Skip = Privileges.MissingRoot ?? LoopDisk.Missing(kind);
    }

    /// <summary>Of which kind.</summary>
    public string Kind { get; }
}
