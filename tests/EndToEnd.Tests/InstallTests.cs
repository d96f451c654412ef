using Checkpointer.EndToEnd.Tests.Support;
using Xunit;

namespace Checkpointer.EndToEnd.Tests;

/// <summary>What config/ installs on a host.</summary>
[Trait("kind", "e2e")]
public sealed class InstallTests : IDisposable
{
    private static readonly string _config = Path.Combine(Repository.Root, "config");
    private readonly string _directory = Directory.CreateTempSubdirectory("checkpointer-e2e-").FullName;
    private readonly string _root;

    public InstallTests()
    {
        _root = Path.Combine(_directory, "root");
        Directory.CreateDirectory(_root);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Unit_IsOneThatSystemdUnderstands()
    {
        // The program is not installed here; whether it is there is the only thing that must not be judged.
        string unit = Path.Combine(_directory, "checkpointer.service");
        File.WriteAllText(unit, File.ReadAllText(Path.Combine(_config, "checkpointer.service")).Replace("/opt/checkpointer/checkpointer", "/bin/true", StringComparison.Ordinal));

        CliResult result = Run("systemd-analyze", "verify", "--man=no", unit).Expect(0);

        // Of a key that it does not know systemd says only that it ignores it.
        Assert.Equal("", result.Output + result.Error);
    }

    [Fact]
    public void Unit_ConfinesNothingThatAJobWouldInherit()
    {
        string[] confining = ["Protect", "Private", "SystemCall", "Restrict", "CapabilityBoundingSet", "MemoryDenyWriteExecute", "LockPersonality", "ReadWritePaths", "NoNewPrivileges=yes", "RootDirectory"];
        string[] settings = [.. File.ReadLines(Path.Combine(_config, "checkpointer.service")).Where(line => line.Length > 0 && line[0] != '#')];

        Assert.All(confining, key => Assert.DoesNotContain(settings, line => line.StartsWith(key, StringComparison.Ordinal)));
        Assert.Contains("KillMode=process", settings);
    }

    [Fact]
    public void Install_Twice_KeepsWhatAnAdministratorWrote()
    {
        string published = Directory.CreateDirectory(Path.Combine(_directory, "published")).FullName;
        File.WriteAllText(Path.Combine(published, "checkpointer"), "#!/bin/sh\n");
        File.SetUnixFileMode(Path.Combine(published, "checkpointer"), (UnixFileMode)0b111_101_101);
        Install(published);
        string policy = Path.Combine(_root, "etc/checkpointer/policies/minimal.json");
        File.WriteAllText(policy, "{}");

        Install(published);

        Assert.Equal("{}", File.ReadAllText(policy));
        Assert.True(File.Exists(Path.Combine(_root, "opt/checkpointer/checkpointer")));
        Assert.True(File.Exists(Path.Combine(_root, "etc/systemd/system/checkpointer.service")));
        Assert.True(File.Exists(Path.Combine(_root, "etc/systemd/system/scope.d/checkpointer.conf")));
        Assert.True(File.Exists(Path.Combine(_root, "etc/systemd/system/user@.service.d/checkpointer.conf")));
        Assert.True(File.Exists(Path.Combine(_root, "etc/checkpointer/policies/long-run.json")));
    }

    private void Install(string published)
        => Run("/usr/bin/env", $"DESTDIR={_root}", Path.Combine(_config, "install.sh"), published).Expect(0);

    private CliResult Run(params string[] command) => new Cli(_directory).StartProgram(command).Finish();
}
