using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.CrashLab.Kit;

/// <summary>
/// What all boots share: QEMU, kernels, the root file system with the program of this build. Packages are kept in a directory of the user's cache, all else is made for each run.
/// </summary>
public sealed class Laboratory : IDisposable
{
    private const string DataBytes = "256M";
    private static readonly string _cache = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "checkpointer-crashlab");

    private static readonly Lazy<string?> _missing = new(FindMissing);
    private readonly LabPackages _packages = new(_cache);
    private readonly Dictionary<string, KernelFiles> _kernels;
    private int _disks;

    public Laboratory()
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("checkpointer-lab-").FullName;
        RootImage = Path.Combine(Directory, "root.ext4");
        _kernels = LabPackages.Kernels.ToDictionary(
            kernel => kernel, kernel => KernelFiles.Prepare(kernel, _packages.KernelTree(kernel), _packages.Busybox, Directory));
        var tree = System.IO.Directory.CreateDirectory(Path.Combine(Directory, "root")).FullName;
        new RootImage(tree).Make(_packages.Busybox, ProgramDirectory(), Programs.Compile(Path.Combine(Directory, "programs")), Assemblies(), RootImage);
        System.IO.Directory.Delete(tree, recursive: true);
    }

    /// <summary>Why there can be no laboratory here; null where there can. Gets the packages where they are not there yet.</summary>
    public static string? Missing => _missing.Value;

    /// <summary>Where files of this run are.</summary>
    public string Directory { get; }

    /// <summary>The root file system of all boots.</summary>
    public string RootImage { get; }

    /// <summary>QEMU and the arguments that say where its files are.</summary>
    internal string[] Qemu =>
        [Path.Combine(_packages.Qemu, "usr/bin/qemu-system-x86_64"), "-L", Path.Combine(_packages.Qemu, "usr/share/qemu"), "-L", Path.Combine(_packages.Qemu, "usr/share/seabios")];

    /// <summary>A kernel by its name.</summary>
    internal KernelFiles Kernel(string name) => _kernels[name];

    /// <summary>Makes an empty disk for /data and returns its path.</summary>
    internal string NewDisk()
    {
        var path = Path.Combine(Directory, $"data-{++_disks}.ext4");
        _ = Tool.Run(Directory, "mkfs.ext4", "-q", "-F", path, DataBytes);
        return path;
    }

    /// <summary>Makes a root file system that boots with systemd may change, and returns its path.</summary>
    internal string NewSystemRoot()
    {
        var path = Path.Combine(Directory, $"system-{++_disks}.ext4");
        _ = Tool.Run(Directory, "cp", "--sparse=always", RootImage, path);
        _ = Tool.Run(Directory, "tune2fs", "-O", "has_journal", path);
        return path;
    }

    /// <summary>QEMU loads the libraries that were unpacked beside it.</summary>
    internal void AddQemuEnvironment(Dictionary<string, string> environment)
    {
        var libraries = Path.Combine(_packages.Qemu, "usr/lib/x86_64-linux-gnu");
        environment["LD_LIBRARY_PATH"] = libraries + ":" + Path.Combine(_packages.Qemu, "lib/x86_64-linux-gnu");
        environment["QEMU_MODULE_DIR"] = Path.Combine(libraries, "qemu");
    }

    /// <inheritdoc/>
    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    private static string? FindMissing()
    {
        if (Privileges.MissingRoot is { } missing)
        {
            return missing;
        }

        try
        {
            System.IO.Directory.CreateDirectory(_cache);
            new LabPackages(_cache).Fetch();
            return null;
        }
        catch (LabException failure)
        {
            return $"the virtual machine cannot be had: {failure.Message}";
        }
    }

    /// <summary>The published program where E2E_PROGRAM names it, else the one beside us.</summary>
    private static string ProgramDirectory()
        => Environment.GetEnvironmentVariable("E2E_PROGRAM") is { Length: > 0 } published ? Path.GetDirectoryName(published)! : AppContext.BaseDirectory;

    /// <summary>Ourselves and the test projects of the same configuration whose suites run in the virtual machine, too.</summary>
    private static Dictionary<string, string> Assemblies()
    {
        var configuration = Path.GetRelativePath(Path.Combine(Repository.Root, "tests", "CrashLab"), AppContext.BaseDirectory);
        return new[] { "CrashLab", "Engine.Tests", "EndToEnd.Tests" }.ToDictionary(name => name, name => Path.Combine(Repository.Root, "tests", name, configuration));
    }
}

/// <summary>All tests share one laboratory, and one virtual machine runs at a time: it takes all processors.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class LaboratoryCollection : ICollectionFixture<Laboratory>
{
    public const string Name = "laboratory";
}

/// <summary>A test that needs the laboratory.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LabFactAttribute : FactAttribute
{
    public LabFactAttribute() => Skip = Laboratory.Missing;
}

/// <summary>A theory that needs it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LabTheoryAttribute : TheoryAttribute
{
    public LabTheoryAttribute() => Skip = Laboratory.Missing;
}
