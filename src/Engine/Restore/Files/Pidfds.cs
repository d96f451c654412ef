using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Opens pidfds. For each process that is gone one is made, and ended at disposal.</summary>
internal sealed class Pidfds : IDisposable
{
    private const int Gone = -1;
    private const int MakingFlags = FileFlag.O_NONBLOCK; // PIDFD_NONBLOCK

    private readonly Dictionary<ulong, ProcessId> _gone = [];

    /// <summary>Opens one.</summary>
    public SafeFd Open(OpenFile image) => OpenProcess(image.Pid == Gone ? StandInFor(image.PidfdInode).Value : image.Pid, (int)image.Flags & MakingFlags);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var stub in _gone.Values)
        {
            Children.KillAndReap(stub);
        }
    }

    private ProcessId StandInFor(ulong inode)
    {
        if (!_gone.TryGetValue(inode, out var stub))
        {
            stub = Stub.Spawn();
            _gone.Add(inode, stub);
        }

        return stub;
    }

    private static SafeFd OpenProcess(int pid, int flags) => Pidfd.TryOpen(pid, flags) ?? throw new LinuxException($"pidfd_open({pid})", LastError.Get());
}
