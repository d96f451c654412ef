using System.Text.RegularExpressions;
using Checkpointer.CrashLab.Disk;
using Checkpointer.CrashLab.Kit;
using Checkpointer.CrashLab.Machine;
using Xunit;
using Xunit.Abstractions;

namespace Checkpointer.CrashLab;

/// <summary>The unit under a real systemd: installed as the manual says, over crashes, an upgrade and reboots that an administrator asks for.</summary>
[Collection(LaboratoryCollection.Name)]
[Trait("kind", "lab")]
public sealed partial class SystemdTests(Laboratory lab, ITestOutputHelper output)
{
    private const string Job = "threads";
    private const string Scratch = "/data/" + Job;
    private const string Installation = $"bash {RootImage.Sources}/config/install.sh {RootImage.Program}";
    private const string Policy = """{"schedule": {"every": "5s"}, "recovery": {"onBoot": "auto", "onCrash": "auto"}, "events": {"onShutdown": true}}""";

    /// <summary>Emulation is 10 to 40 times slower; see <see cref="Rounds.Care"/>.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(5);

    [LabFact]
    public void Service_InstalledByItsScript_KeepsAJobOverCrashesUpgradeAndReboots() => LabRun.Logged("systemd", LabRun.Seed, output, directory =>
    {
        using var disk = new PowerDisk(lab.NewDisk());
        var root = lab.NewSystemRoot();
        long newest;
        using (var machine = Boot(disk, root, directory, "first"))
        {
            _ = machine.Shell.Run(Installation);
            Assert.Equal("active\nenabled\n", machine.Shell.Run("systemctl is-active checkpointer; systemctl is-enabled checkpointer"));
            _ = machine.Shell.Run($"printf '%s' '{Policy}' >/etc/checkpointer/policies/lab.json");
            _ = machine.Shell.Run(
                $"setsid systemd-run --scope --unit=session-of-somebody checkpointer run --name {Job} --policy lab -- {RootImage.Programs}/lab_{Job} {Scratch} </dev/null >{Scratch}.out 2>&1 &");
            AwaitNumber(machine, "dumped", 1);
            var pid = PidOf(machine);

            _ = machine.Shell.Run($"kill -9 {pid}");
            AwaitNumber(machine, "recovered", 1);
            Assert.Equal(pid, PidOf(machine));

            foreach (var command in new[] { $"kill -9 {MainPid(machine)}", "systemctl restart checkpointer", Installation })
            {
                AwaitServiceAfter(machine, command);
                Assert.Equal(pid, PidOf(machine));
            }

            newest = Numbers(machine, "dumped")[^1];
            machine.Reboot();
            Assert.True(Numbers(machine, "dumped")[^1] > newest, "no generation was taken when the host went down:\n" + machine.Log.Tail());
            newest = Numbers(machine, "dumped")[^1];
        }

        using (var machine = Boot(disk, root, directory, "second"))
        {
            AwaitNumber(machine, "recovered", 1);
            Assert.Equal(newest, Numbers(machine, "recovered")[^1]);
            AwaitNumber(machine, "dumped", 1);
            machine.RebootByForce();
        }

        using var last = Boot(disk, root, directory, "third");
        AwaitNumber(last, "recovered", 1);
        _ = PidOf(last);
        _ = last.Shell.Run($"touch {Scratch}.go");
        last.Log.WaitUntil(lines => lines.Any(line => line.Contains($"Job {Job}: finished", StringComparison.Ordinal)), _patience, "end of the job");
        Assert.EndsWith("PASS\n", last.Shell.Run($"tail -n 1 {Scratch}.out"), StringComparison.Ordinal);
        last.PowerOff();
    });

    private static string MainPid(VirtualMachine machine) => machine.Shell.Run("systemctl show --property MainPID --value checkpointer").Trim();

    /// <summary>Ends the service in some way, and waits until the next one has dumped the job.</summary>
    private static void AwaitServiceAfter(VirtualMachine machine, string command)
    {
        var (dumps, begins) = (Numbers(machine, "dumped").Count, Begins(machine));
        _ = machine.Shell.Run(command);
        machine.Log.WaitUntil(_ => Begins(machine) > begins, _patience, "next begin of the service");
        AwaitNumber(machine, "dumped", dumps + 1);
    }

    private static int Begins(VirtualMachine machine) => machine.Log.Lines.Count(line => line.Contains("The service of", StringComparison.Ordinal));

    private static int PidOf(VirtualMachine machine) => int.Parse(Assert.Single(machine.Shell.Run($"pidof lab_{Job}").Trim().Split(' ')));

    private static void AwaitNumber(VirtualMachine machine, string kind, int count)
        => machine.Log.WaitUntil(_ => Numbers(machine, kind).Count >= count, _patience, $"{count} generations {kind}");

    private static List<long> Numbers(VirtualMachine machine, string kind)
        => [.. machine.Log.Matches(Event()).Where(match => match.Groups[1].Value == kind).Select(match => long.Parse(match.Groups[2].Value))];

    private VirtualMachine Boot(PowerDisk disk, string root, string directory, string name)
        => VirtualMachine.Boot(lab, new BootPlan(lab.Kernel("6.12"), disk, "rw", directory, name) { SystemRoot = root });

    [GeneratedRegex($@"Job {Job}: (\w+) \(generation (\d+),")]
    private static partial Regex Event();
}
