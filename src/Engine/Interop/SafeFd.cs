using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Checkpointer.Engine.Interop;

/// <summary>An open descriptor of our own process; closed once. Descriptors of a job are <c>RemoteFd</c>.</summary>
internal sealed class SafeFd : SafeHandleMinusOneIsInvalid
{
    /// <summary>For the marshaller.</summary>
    public SafeFd()
        : base(ownsHandle: true)
    {
    }

    /// <summary>Takes ownership of a descriptor number.</summary>
    public SafeFd(int fd)
        : base(ownsHandle: true) => SetHandle(fd);

    /// <summary>The number, for argument lists of kernel calls; the caller keeps this object alive meanwhile.</summary>
    public int Number => (int)handle;

    /// <summary>A path of ours that leads to the open file itself: opening it makes another struct file.</summary>
    public string Path => string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{Number}");

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.close((int)handle) == 0;
}
