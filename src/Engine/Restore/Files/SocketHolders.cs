using Checkpointer.Engine.Images;

namespace Checkpointer.Engine.Restore;

/// <summary>Which process of a job holds a socket, and as whom: the likeliest to have connected it, where the kernel does not tell.</summary>
internal sealed class SocketHolders(Files files, IReadOnlyList<RestoredProcess> processes)
{
    private const int Effective = 1; // of real, effective, saved, file system

    /// <summary>The first process that holds an open file; null where only a message does.</summary>
    public UnixCredentials? Of(uint file)
    {
        var table = files.Tables.FirstOrDefault(table => table.Descriptors.Any(descriptor => descriptor.OpenFile == file));
        var process = processes.FirstOrDefault(process => process.Id.Value == table?.Pid);
        return process?.Images.Process.Threads[0].Credentials is { } credentials
            ? new UnixCredentials { Pid = process.Id.Value, Uid = credentials.Uids[Effective], Gid = credentials.Gids[Effective] }
            : null;
    }
}
