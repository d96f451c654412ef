using System.Text.RegularExpressions;

namespace Checkpointer.CrashLab.Kit;

/// <summary>
/// What the laboratory needs of Debian: QEMU 10 with the libraries that the machine lacks, two kernels, busybox. Taken from the mirrors of the machine's own apt, with more
/// suites and a state of our own: nothing is installed, and what the machine knows of its sources stays as it is. Kept in a directory.
/// </summary>
/// <remarks>QEMU 7.2 of Debian 12 itself corrupts the state of its guests when it emulates them, so the one of the backports is taken.</remarks>
internal sealed partial class LabPackages(string directory)
{
    private const string Release = "bookworm";
    private const string Keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
    private const string Kernel = "linux-image-cloud-amd64";

    /// <summary>Kernels by the names that tests give them, and the suites that have them.</summary>
    private static readonly Dictionary<string, string> _kernelSuites = new() { ["6.12"] = Release + "-backports", ["6.1"] = Release + "-security" };

    private string Apt => Path.Combine(directory, "apt");

    /// <summary>Where QEMU and its libraries are unpacked.</summary>
    public string Qemu => Path.Combine(directory, "qemu");

    /// <summary>The static busybox.</summary>
    public string Busybox => Path.Combine(directory, "busybox", "bin", "busybox");

    /// <summary>Names of the kernels.</summary>
    public static IEnumerable<string> Kernels => _kernelSuites.Keys;

    /// <summary>Where a kernel is unpacked.</summary>
    public string KernelTree(string kernel) => Path.Combine(directory, "linux-" + kernel);

    /// <summary>Gets what is not there yet.</summary>
    /// <exception cref="LabException">It cannot be had, and why.</exception>
    public void Fetch()
    {
        var complete = Path.Combine(directory, "complete");
        if (File.Exists(complete))
        {
            return;
        }

        RequireRelease();
        Directory.CreateDirectory(Path.Combine(Apt, "lists", "partial"));
        Directory.CreateDirectory(Path.Combine(Apt, "cache", "archives", "partial"));
        File.WriteAllLines(Path.Combine(Apt, "sources.list"), Sources());
        _ = AptGet("update");
        Unpack(Qemu, MissingPackages());
        Unpack(Path.Combine(directory, "busybox"), ["busybox-static"]);
        foreach (var (kernel, suite) in _kernelSuites)
        {
            Unpack(KernelTree(kernel), [KernelPackage(suite)]);
        }

        File.WriteAllText(complete, "");
    }

    private static void RequireRelease()
    {
        const string File = "/etc/os-release";
        if (!System.IO.File.Exists(File) || !System.IO.File.ReadAllLines(File).Contains("VERSION_CODENAME=" + Release))
        {
            throw new LabException($"the packages of the laboratory are those of Debian's {Release}, and this is another system");
        }
    }

    /// <summary>Lines of sources.list: the mirrors that the machine has for the release, with all suites that we need.</summary>
    private IEnumerable<string> Sources()
    {
        var lines = Tool.Run(directory, "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).ToList();
        foreach (var (configured, suites) in new[] { (Release, new[] { Release, Release + "-backports" }), (Release + "-security", [Release + "-security"]) })
        {
            var mirror = lines.FirstOrDefault(line => line[1] == configured)?[0] ?? throw new LabException($"apt of this machine has no mirror for {configured}");
            foreach (var suite in suites)
            {
                yield return $"deb [signed-by={Keys}] {mirror} {suite} main";
            }
        }
    }

    /// <summary>QEMU, and what it needs that the machine has not.</summary>
    private List<string> MissingPackages()
    {
        var plan = AptGet("--simulate", "--no-install-recommends", "--target-release", Release + "-backports", "install", "qemu-system-x86");
        List<string> packages = [.. Installed().Matches(plan).Select(match => $"{match.Groups[1].Value}={match.Groups[2].Value}")];
        return packages.Any(package => package.StartsWith("qemu-system-x86=", StringComparison.Ordinal))
            ? packages
            : throw new LabException("QEMU is installed on this machine already, in a version that may not be ours");
    }

    private string KernelPackage(string suite)
    {
        var words = Tool.Run(directory, ["apt-cache", .. AptOptions(), "depends", $"{Kernel}/{suite}"]).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words.FirstOrDefault(word => word.StartsWith("linux-image-", StringComparison.Ordinal) && word != Kernel)
            ?? throw new LabException($"{suite} has no {Kernel}");
    }

    private void Unpack(string target, IReadOnlyList<string> packages)
    {
        var archives = Path.Combine(Apt, "archives", Path.GetFileName(target));
        Directory.CreateDirectory(archives);
        Directory.CreateDirectory(target);
        _ = Tool.Run(archives, ["apt-get", .. AptOptions(), "-qq", "download", .. packages]);
        foreach (var archive in Directory.EnumerateFiles(archives, "*.deb"))
        {
            _ = Tool.Run(archives, "dpkg-deb", "--extract", archive, target);
        }

        Directory.Delete(archives, recursive: true);
    }

    private string AptGet(params string[] arguments) => Tool.Run(directory, ["apt-get", .. AptOptions(), "-qq", .. arguments]);

    private string[] AptOptions() =>
    [
        "-o", "Dir::Etc::SourceList=" + Path.Combine(Apt, "sources.list"), "-o", "Dir::Etc::SourceParts=-", "-o", "Dir::State::Lists=" + Path.Combine(Apt, "lists"),
        "-o", "Dir::Cache=" + Path.Combine(Apt, "cache"), "-o", "APT::Sandbox::User=root",
    ];

    [GeneratedRegex(@"^Inst (\S+) \((\S+) ", RegexOptions.Multiline)]
    private static partial Regex Installed();
}
