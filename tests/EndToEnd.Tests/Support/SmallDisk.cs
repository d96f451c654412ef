using System.Runtime.InteropServices;
using Checkpointer.EndToEnd.Tests.Interop;

namespace Checkpointer.EndToEnd.Tests.Support;

/// <summary>A mounted tmpfs of a few MiB, unmounted at disposal: a disk that can be filled, and made read-only.</summary>
internal sealed class SmallDisk : IDisposable
{
    /// <summary>Mounts it on a new directory below <paramref name="parent"/>.</summary>
    public SmallDisk(string parent, int mebibytes)
    {
        Directory = System.IO.Directory.CreateDirectory(System.IO.Path.Combine(parent, "disk")).FullName;
        Mount(0, $"size={mebibytes}m,mode=0700");
    }

    /// <summary>Where it is mounted.</summary>
    public string Directory { get; }

    /// <summary>From now on every write to it fails with EROFS.</summary>
    public void MakeReadOnly() => Mount(Libc.MS_REMOUNT | Libc.MS_RDONLY, "");

    /// <summary>It can be written again.</summary>
    public void MakeWritable() => Mount(Libc.MS_REMOUNT, "");

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Libc.umount2(Directory, Libc.MNT_DETACH) != 0)
        {
            throw new InvalidOperationException($"umount {Directory}: error {Marshal.GetLastPInvokeError()}");
        }
    }

    private void Mount(ulong flags, string options)
    {
        if (Libc.mount("checkpointer-e2e", Directory, "tmpfs", flags, options) != 0)
        {
            throw new InvalidOperationException($"mount {Directory}: error {Marshal.GetLastPInvokeError()}");
        }
    }
}
