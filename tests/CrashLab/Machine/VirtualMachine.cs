using Checkpointer.CrashLab.Disk;
using Checkpointer.CrashLab.Kit;
using Checkpointer.EndToEnd.Tests.Interop;

namespace Checkpointer.CrashLab.Machine;

/// <summary>What one boot is made of.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="Disk">The disk with all that changes, mounted as /data.</param>
/// <param name="DataOptions">Options of that mount.</param>
/// <param name="Directory">Where its serial log and its sockets are.</param>
/// <param name="Name">What its files are called.</param>
internal sealed record BootPlan(KernelFiles Kernel, PowerDisk Disk, string DataOptions, string Directory, string Name)
{
    /// <summary>A root file system of its own, which may be changed, with systemd as the first process; null for the one of all boots, and a script.</summary>
    public string? SystemRoot { get; init; }
}

/// <summary>
/// One boot of a virtual machine: QEMU without hardware support (a stock kernel does not run on the project machines with it), two processors, 2 GiB, a root file system that most only
/// read, and a disk whose power can be cut. Killed at disposal.
/// </summary>
internal sealed class VirtualMachine : IDisposable
{
    private const int Niceness = 10;

    /// <summary>4 to 8 s are usual.</summary>
    private static readonly TimeSpan _bootLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan _endLimit = TimeSpan.FromMinutes(3);

    private readonly BootPlan _plan;
    private readonly NbdServer _server;
    private readonly int _pid;
    private GuestShell? _shell;
    private bool _hasEnded;

    private VirtualMachine(Laboratory lab, BootPlan plan)
    {
        _plan = plan;
        var shell = PathOf("shell");
        _server = new NbdServer(plan.Disk, PathOf("nbd"));
        Log = new SerialLog(PathOf("serial"), () => !HasEnded);
        string[] command =
        [
            .. lab.Qemu, "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max", "-M", "q35", "-m", "2048", "-smp", "2", "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot", "-kernel", plan.Kernel.Image, "-initrd", plan.Kernel.Initrd,
            "-chardev", $"file,id=log,path={PathOf("serial")}", "-serial", "chardev:log",
            "-chardev", $"socket,id=shell,path={shell},server=on,wait=off", "-serial", "chardev:shell",
            "-drive", plan.SystemRoot is { } own ? $"if=none,id=root,file={own},format=raw" : $"if=none,id=root,file={lab.RootImage},format=raw,readonly=on", "-device", "virtio-blk-pci,drive=root",
            "-drive", $"if=none,id=data,file=nbd+unix:///?socket={_server.Path},format=raw,cache=none", "-device", "virtio-blk-pci,drive=data",
            "-append", $"console=ttyS0 panic=-1 quiet loglevel=4 mitigations=off data={plan.DataOptions} "
            + (plan.SystemRoot is null ? "labroot=ro labinit=/sbin/lab-init" : $"labroot=rw labinit={Kit.RootImage.Systemd} systemd.journald.forward_to_console=1 systemd.mask=getty.target"),
        ];
        var output = PathOf("qemu");
        var environment = Tool.Environment();
        lab.AddQemuEnvironment(environment);
        _pid = Spawner.Spawn(new SpawnRequest("nice", ["-n", $"{Niceness}", .. command], environment, output, output, plan.Directory));
        try
        {
            Log.WaitUntil(lines => lines.Any(line => line.StartsWith("LAB is up", StringComparison.Ordinal)), _bootLimit, $"boot ({File.ReadAllText(output).Trim()})");
            _shell = new GuestShell(shell);
            _ = _shell.Run("grep -q ' /data ext4 ' /proc/mounts");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What it has printed.</summary>
    public SerialLog Log { get; }

    /// <summary>Its shell.</summary>
    public GuestShell Shell => _shell ?? throw new InvalidOperationException("the virtual machine is not up");

    private bool HasEnded => _hasEnded = _hasEnded || Child.TryReap(_pid) is not null;

    /// <summary>Boots and waits until it is up. There is no second try.</summary>
    /// <exception cref="LabException">It does not come up; with its last lines.</exception>
    public static VirtualMachine Boot(Laboratory lab, BootPlan plan) => new(lab, plan);

    /// <summary>Takes the power away, from the disk and from the rest.</summary>
    public void Cut(CutLoss loss, Random random)
    {
        _plan.Disk.Cut(loss, random);
        Kill();
        _plan.Disk.PowerOn();
    }

    /// <summary>Ends it as <c>reboot -f</c> does: nothing is synced, and the disk keeps what it was told.</summary>
    public void RebootByForce() => End("reboot -f");

    /// <summary>Ends it as an administrator does, where systemd is the first process.</summary>
    public void Reboot() => End("systemctl --no-block reboot");

    /// <summary>Ends it cleanly.</summary>
    public void PowerOff() => End("sync; umount /data; poweroff -f");

    /// <inheritdoc/>
    public void Dispose()
    {
        Kill();
        _shell?.Dispose();
        _server.Dispose();
        File.Delete(PathOf("shell"));
        if (_server.Failure is { } failure)
        {
            throw new LabException($"the server of the disk failed: {failure}");
        }
    }

    private void End(string command)
    {
        Shell.Send(command);
        EndToEnd.Tests.Support.Wait.Until(() => HasEnded, _endLimit, () => $"the virtual machine does not end after {command}:\n{Log.Tail()}");
    }

    private void Kill()
    {
        if (!HasEnded)
        {
            _ = Child.Signal(_pid, Libc.SIGKILL);
            EndToEnd.Tests.Support.Wait.Until(() => HasEnded, _endLimit, () => $"QEMU, process {_pid}, does not die");
        }
    }

    private string PathOf(string suffix) => Path.Combine(_plan.Directory, $"{_plan.Name}.{suffix}");
}
