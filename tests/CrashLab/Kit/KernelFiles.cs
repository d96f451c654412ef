namespace Checkpointer.CrashLab.Kit;

/// <summary>A kernel as QEMU starts it.</summary>
/// <param name="Name">Name that tests give it.</param>
/// <param name="Image">The uncompressed kernel.</param>
/// <param name="Initrd">Initial RAM disk with the drivers of its disks.</param>
internal sealed record KernelFiles(string Name, string Image, string Initrd)
{
    /// <summary>What the Debian kernels have as modules; those that one has built in are not there. In the order in which they are loaded.</summary>
    private static readonly string[] _modules =
    [
        "virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "virtio_blk", "unix_diag", "inet_diag", "tcp_diag", "udp_diag", "raw_diag",
        "netlink_diag", "af_packet_diag",
    ];

    /// <summary>Makes both files from an unpacked package.</summary>
    public static KernelFiles Prepare(string name, string tree, string busybox, string directory)
    {
        var kernel = new KernelFiles(name, Path.Combine(directory, $"vmlinux-{name}"), Path.Combine(directory, $"initrd-{name}"));
        KernelImage.Unpack(Directory.EnumerateFiles(Path.Combine(tree, "boot"), "vmlinuz-*").Single(), kernel.Image);
        MakeInitrd(tree, busybox, kernel.Initrd);
        return kernel;
    }

    private static void MakeInitrd(string tree, string busybox, string target)
    {
        using var archive = new CpioArchive(File.Create(target));
        foreach (var directory in new[] { "bin", "dev", "root", "modules" })
        {
            archive.AddDirectory(directory);
        }

        archive.AddFile("bin/busybox", File.ReadAllBytes(busybox));
        archive.AddLink("bin/sh", "busybox");
        archive.AddFile("init", File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Guest", "initrd-init")));
        var modules = _modules.Select(module => Find(tree, module)).OfType<string>().ToList();
        foreach (var module in modules)
        {
            archive.AddFile("modules/" + ModuleName(module), Read(module));
        }

        archive.AddFile("modules/order", System.Text.Encoding.ASCII.GetBytes(string.Concat(modules.Select(module => ModuleName(module) + "\n"))));
    }

    private static string? Find(string tree, string module)
        => Directory.EnumerateFiles(tree, module + ".ko*", SearchOption.AllDirectories).SingleOrDefault();

    private static string ModuleName(string path) => Path.GetFileName(path).Replace(".xz", "", StringComparison.Ordinal);

    private static byte[] Read(string path)
    {
        if (!path.EndsWith(".xz", StringComparison.Ordinal))
        {
            return File.ReadAllBytes(path);
        }

        var unpacked = Path.GetTempFileName();
        try
        {
            Tool.RunTo(unpacked, Path.GetDirectoryName(path)!, "xz", "-dc", path);
            return File.ReadAllBytes(unpacked);
        }
        finally
        {
            File.Delete(unpacked);
        }
    }
}
