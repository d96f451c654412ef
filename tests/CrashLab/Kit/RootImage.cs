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

    /// <summary>Where the compiled programs are.</summary>
    public const string Programs = "/lab/programs";

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
    }

    private void AddGuest()
    {
        var guest = Path.Combine(AppContext.BaseDirectory, "Guest");
        Copy(Path.Combine(guest, "lab-init"), "/sbin/lab-init");
        Copy(Path.Combine(guest, "lab-shell"), "/sbin/lab-shell");
        Copy(Path.Combine(guest, "cc"), "/usr/bin/cc");
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
