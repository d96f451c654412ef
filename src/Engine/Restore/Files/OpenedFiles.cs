using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Files that the restorer opened for the job. A process under restore takes them over with pidfd_getfd(2), so that several processes and
/// several descriptors can share one open file.
/// </summary>
internal sealed class OpenedFiles : IDisposable
{
    private readonly Dictionary<(string Path, int Flags), SafeFd> _byPath = [];
    private readonly List<SafeFd> _all = [];

    /// <summary>Opens a file that is only mapped or executed; the same file is opened once.</summary>
    public SafeFd OpenShared(string path, int flags)
    {
        if (!_byPath.TryGetValue((path, flags), out var fd))
        {
            fd = Open(path, flags);
            _byPath.Add((path, flags), fd);
        }

        return fd;
    }

    /// <summary>Opens a file anew.</summary>
    public SafeFd Open(string path, int flags)
    {
        return Keep(OwnFd.Open(path, flags | FileFlag.O_NOCTTY));
    }

    /// <summary>Closes a descriptor with the others.</summary>
    public SafeFd Keep(SafeFd fd)
    {
        _all.Add(fd);
        return fd;
    }

    /// <inheritdoc/>
    public void Dispose() => _all.ForEach(fd => fd.Dispose());
}
