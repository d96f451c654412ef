using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Checkpointer.EndToEnd.Tests.Support;

namespace Checkpointer.CrashLab.Kit;

/// <summary>
/// The root file system of the virtual machine, made of files of this machine: busybox, the .NET runtime, the program, the tests, and the libraries of all of these. It is only read,
/// so all boots share one.
/// </summary>
internal sealed partial class RootImage(string tree)
{
    private const string ImageBytes = "1G"; // sparse
    private static readonly string[] _directories =
        ["bin", "sbin", "dev", "proc", "sys", "tmp", "run", "etc", "root", "data", "lab/programs", "lib64", "usr/bin", "usr/lib", "usr/share", "var", "mnt"];

    /// <summary>Where the program is in the virtual machine.</summary>
    public const string Program = "/lab/checkpointer";

    /// <summary>Where the sources of the programs and the tests' assemblies are: what they take for the repository.</summary>
    public const string Sources = "/lab/repository";

    /// <summary>The first process where systemd is wanted.</summary>
    public const string Systemd = "/lib/systemd/systemd";

    /// <summary>Where the compiled programs are.</summary>
    public const string Programs = "/lab/programs";

    private static string Guest => Path.Combine(AppContext.BaseDirectory, "Guest");

    /// <summary>Makes the image.</summary>
    /// <param name="busybox">A static busybox.</param>
    /// <param name="program">Directory of the program.</param>
    /// <param name="executables">Compiled C programs.</param>
    /// <param name="assemblies">Output directories of test projects, by the names of the projects.</param>
    /// <param name="image">The file to make.</param>
    public void Make(string busybox, string program, IEnumerable<string> executables, IReadOnlyDictionary<string, string> assemblies, string image)
    {
        foreach (var directory in _directories)
        {
            Directory.CreateDirectory(Path.Combine(tree, directory));
        }

        AddBusybox(busybox);
        AddSystemd();
        AddRuntime();
        AddDirectory(program, Program);
        File.CreateSymbolicLink(Within("/usr/bin/checkpointer"), Program + "/checkpointer");
        foreach (var executable in executables)
        {
            Copy(executable, Path.Combine(Programs, Path.GetFileName(executable)));
        }

        foreach (var (name, output) in assemblies)
        {
            AddDirectory(output, $"{Sources}/tests/{name}");
        }

        AddSources();
        AddGuest();
        AddLibraries();
        _ = Tool.Run(tree, "mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-d", tree, image, ImageBytes);
    }

    private void AddBusybox(string busybox)
    {
        Copy(busybox, "/bin/busybox");
        foreach (var applet in Tool.Run(tree, busybox, "--list").Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(name => name != "busybox"))
        {
            File.CreateSymbolicLink(Within("/bin/" + applet), "busybox");
        }
    }

    /// <summary>The systemd of this machine, as its package has it, with the shell of the laboratory as what is wanted of a boot; nothing else is set up.</summary>
    private void AddSystemd()
    {
        const string Units = "/etc/systemd/system";
        foreach (var file in Tool.Run(tree, "dpkg", "-L", "systemd").Split('\n').Where(file => file.Length > 0 && !file.StartsWith("/usr/share", StringComparison.Ordinal)))
        {
            if (Directory.Exists(file))
            {
                continue; // a directory here may be a link
            }

            Directory.CreateDirectory(Path.GetDirectoryName(Within(file))!);
            _ = Tool.Run(tree, "cp", "-P", "--preserve=mode,timestamps", file, Within(file));
        }

        foreach (var tool in new[] { "/bin/bash", "/usr/bin/install" })
        {
            Copy(tool, tool); // what the script of the installation uses and busybox has not
        }

        Copy(Path.Combine(Guest, "lab.service"), Units + "/lab.service");
        Directory.CreateDirectory(Within(Units + "/multi-user.target.wants"));
        File.CreateSymbolicLink(Within(Units + "/multi-user.target.wants/lab.service"), "../lab.service");
        File.CreateSymbolicLink(Within(Units + "/default.target"), "/lib/systemd/system/multi-user.target");
        File.WriteAllText(Within("/etc/machine-id"), "");
    }

    /// <summary>The runtime that runs us: both frameworks that the program needs, and the host that finds them.</summary>
    private void AddRuntime()
    {
        var framework = new DirectoryInfo(RuntimeEnvironment.GetRuntimeDirectory());
        var root = framework.Parent!.Parent!.Parent!.FullName;
        foreach (var part in new[] { "Microsoft.NETCore.App", "Microsoft.AspNetCore.App" })
        {
            AddDirectory(Path.Combine(root, "shared", part, framework.Name), $"/usr/share/dotnet/shared/{part}/{framework.Name}");
        }

        AddDirectory(Path.Combine(root, "host"), "/usr/share/dotnet/host");
        Copy(Path.Combine(root, "dotnet"), "/usr/share/dotnet/dotnet");
        File.CreateSymbolicLink(Within("/usr/bin/dotnet"), "../share/dotnet/dotnet");
    }

    private void AddSources()
    {
        Copy(Path.Combine(Repository.Root, "Checkpointer.sln"), Sources + "/Checkpointer.sln");
        AddDirectory(Path.Combine(Repository.Root, "tests", "Programs"), Sources + "/tests/Programs");
        AddDirectory(Path.Combine(Repository.Root, "config"), Sources + "/config");
    }

    private void AddGuest()
    {
        foreach (var script in new[] { "lab-init", "lab-serve", "lab-shell" })
        {
            Copy(Path.Combine(Guest, script), "/sbin/" + script);
        }

        Copy(Path.Combine(Guest, "cc"), "/usr/bin/cc");
        File.WriteAllText(Within("/etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n");
        File.WriteAllText(Within("/etc/group"), "root:x:0:\nnogroup:x:65534:\n");
    }

    /// <summary>What is linked by anything that was added, and what .NET loads by name.</summary>
    private void AddLibraries()
    {
        const UnixFileMode Executable = UnixFileMode.UserExecute;
        const string Loader = "/lib64/ld-linux-x86-64.so.2";
        foreach (var foreign in Directory.EnumerateDirectories(tree, "native", SearchOption.AllDirectories).Where(path => !path.Contains("/linux-x64/", StringComparison.Ordinal)))
        {
            Directory.Delete(foreign, recursive: true);
        }

        var binaries = Directory.EnumerateFiles(tree, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "busybox" && new FileInfo(file).LinkTarget is null && IsElf(file)
                && (file.EndsWith(".so", StringComparison.Ordinal) || File.GetUnixFileMode(file).HasFlag(Executable)))
            .ToList();
        var linked = Linked().Matches(Tool.Run(tree, ["ldd", .. binaries])).Select(match => match.Groups[1].Value);
        var loaded = Linked().Matches(Tool.Run(tree, "ldconfig", "-p")).Select(match => match.Groups[1].Value)
            .Where(path => (Path.GetFileName(path) is "liblz4.so.1" or "libssl.so.3" or "libcrypto.so.3") && path.Contains("x86_64", StringComparison.Ordinal));
        foreach (var library in linked.Concat(loaded).Append(Loader).Distinct().Where(library => !library.StartsWith(tree, StringComparison.Ordinal)))
        {
            Copy(library, library);
        }
    }

    private static bool IsElf(string file)
    {
        Span<byte> magic = stackalloc byte[4];
        using var stream = File.OpenRead(file);
        return stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("\u007fELF"u8);
    }

    private void AddDirectory(string source, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Within(target))!);
        _ = Tool.Run(tree, "cp", "-rL", "--preserve=mode,timestamps", source, Within(target));
    }

    private void Copy(string source, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Within(target))!);
        _ = Tool.Run(tree, "cp", "-L", "--preserve=mode,timestamps", source, Within(target));
    }

    private string Within(string path) => Path.Combine(tree, path.TrimStart('/'));

    [GeneratedRegex(@"=> (/\S+)")]
    private static partial Regex Linked();
}
