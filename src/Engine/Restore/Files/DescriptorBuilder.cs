using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>Opens the files and pipes of a job and gives them to its processes under their old descriptor numbers.</summary>
internal sealed class DescriptorBuilder(
    Files files, OpenedFiles opened, SharedObjects shared, RemovedFileBuilder removed, InotifyWatcher watcher, TerminalBuilder terminals,
    KeptConnections connections)
{
    // Flags that only matter to the open(2) that made the file; O_ASYNC counts only where fcntl(2) sets it, which the job does.
    private const int OpeningFlags = FileFlag.O_CREAT | FileFlag.O_EXCL | FileFlag.O_TRUNC | FileFlag.O_CLOEXEC | FileFlag.O_NOCTTY | FileFlag.O_ASYNC;

    /// <summary>Flags of an open file that are given to open(2).</summary>
    internal const int KeptFlags = ~OpeningFlags;

    private readonly Dictionary<uint, OpenFile> _images = files.OpenFiles.ToDictionary(file => file.Id);
    private readonly Dictionary<uint, SafeFd> _openFiles = [];
    private readonly HashSet<(uint File, FileLock Lock)> _locked = [];
    private readonly Dictionary<uint, OpenFile> _epolls = files.OpenFiles.Where(file => file.EpollTargets.Count > 0).ToDictionary(file => file.Id);

    /// <summary>Opens everything in our own process.</summary>
    /// <param name="processes">Processes of the job, for what only they can open.</param>
    public void Open(IReadOnlyList<RestoredProcess> processes)
    {
        var pipes = files.Pipes.ToDictionary(pipe => pipe.Id, pipe => PipeBuilder.Build(pipe, opened));
        using var pidfds = new Pidfds();
        using var sockets = new SocketBuilder(files, processes, connections);
        var madeSockets = sockets.Build(opened);
        foreach (var file in files.OpenFiles)
        {
            _openFiles.Add(file.Id, file.Kind switch
            {
                OpenFile.Types.Kind.Pipe => pipes[file.Pipe].OpenEnd((int)file.Flags & ~OpeningFlags, opened),
                OpenFile.Types.Kind.Regular or OpenFile.Types.Kind.Directory or OpenFile.Types.Kind.Device or OpenFile.Types.Kind.SymbolicLink
                    or OpenFile.Types.Kind.Namespace or OpenFile.Types.Kind.ProcFile => OpenPath(file),
                OpenFile.Types.Kind.Socket => madeSockets[file.Id],
                OpenFile.Types.Kind.Pidfd => opened.Keep(pidfds.Open(file)),
                OpenFile.Types.Kind.Terminal => terminals.Open(file, processes),
                OpenFile.Types.Kind.Fanotify => watcher.Keep(SpecialFileBuilder.Build(file), file),
                OpenFile.Types.Kind.Inotify => watcher.Keep(SpecialFileBuilder.Build(file), file, shared, removed),
                _ => opened.Keep(SpecialFileBuilder.Build(file)),
            });
            FileLockBuilder.LockOpenFile(_openFiles[file.Id], file);
        }

        sockets.Finish(_openFiles);
        // The job holds the only ends now; an end that it had closed must be closed again.
        foreach (var pipe in pipes.Values)
        {
            pipe.Dispose();
        }
    }

    /// <summary>Installs the descriptors of one process. Precondition: it has none open.</summary>
    public void Install(RestoredProcess process)
    {
        var table = TableOf(process);
        if (table.Descriptors.Count == 0)
        {
            return;
        }

        var transfer = new DescriptorTransfer(process);
        transfer.Open(LowestUnused(table));
        foreach (var group in table.Descriptors.GroupBy(descriptor => descriptor.OpenFile))
        {
            Install(transfer, group.Key, [.. group]);
        }

        transfer.Run();
        FillEpolls(process, table, transfer);
        FillEpollsInFlight(process, table, transfer);
        transfer.Close();
        transfer.Run();
        FileLockBuilder.LockForProcess(process, table, _images, files.Tables, _locked);
    }

    /// <summary>Says again where signals for open files go. Precondition: all threads of the job exist and have their rights.</summary>
    public void SetOwners(RestoredProcess process) => FileOwnerBuilder.Set(process, TableOf(process), _images);

    private DescriptorTable TableOf(RestoredProcess process) =>
        files.Tables.FirstOrDefault(table => table.Pid == process.Id.Value) ?? new DescriptorTable();

    /// <summary>Fills the epoll sets that the process is the first to hold.</summary>
    private void FillEpolls(RestoredProcess process, DescriptorTable table, DescriptorTransfer transfer)
    {
        foreach (var descriptor in table.Descriptors)
        {
            if (_epolls.Remove(descriptor.OpenFile, out var epoll))
            {
                new EpollFiller(process, table, transfer, _openFiles).Fill(descriptor.Number, epoll.EpollTargets);
            }
        }
    }

    /// <summary>Fills the epoll sets that no process holds, only an unread message: any process can.</summary>
    private void FillEpollsInFlight(RestoredProcess process, DescriptorTable table, DescriptorTransfer transfer)
    {
        foreach (var id in _epolls.Keys.Where(id => !files.Tables.Any(other => other.Descriptors.Any(descriptor => descriptor.OpenFile == id))).ToList())
        {
            var taken = transfer.Take(_openFiles[id], $"file {id}");
            // Not where it is in the way of what it watches.
            var highest = HighestNumber(table, _epolls[id]);
            var aside = taken;
            if (taken <= highest)
            {
                aside = highest + 2; // our way in may be the next
                transfer.Duplicate(taken, aside, closeOnExec: true);
                transfer.Close(taken);
            }

            new EpollFiller(process, table, transfer, _openFiles).Fill(aside, _epolls[id].EpollTargets);
            transfer.Close(aside);
            _epolls.Remove(id);
        }
    }

    private static int HighestNumber(DescriptorTable table, OpenFile epoll) =>
        table.Descriptors.Select(descriptor => descriptor.Number).Concat(epoll.EpollTargets.Select(target => target.Number)).Max();

    private void Install(DescriptorTransfer transfer, uint openFile, IReadOnlyList<DescriptorEntry> descriptors)
    {
        var taken = transfer.Take(_openFiles[openFile], $"file {openFile}");
        var staysOpen = false;
        foreach (var descriptor in descriptors)
        {
            if (descriptor.Number == taken)
            {
                transfer.SetCloseOnExec(taken, descriptor.CloseOnExec);
                staysOpen = true;
            }
            else
            {
                transfer.Duplicate(taken, descriptor.Number, descriptor.CloseOnExec);
            }
        }

        if (!staysOpen)
        {
            transfer.Close(taken);
        }
    }

    private SafeFd OpenPath(OpenFile file)
    {
        var path = file.SharedMemory != 0 ? shared.PathOf(file.SharedMemory) : file.Path.ToStringUtf8();
        // A file without a name is reached by a link of /proc, which shm_open's flag forbids.
        var flags = (int)file.Flags & ~(file.SharedMemory != 0 ? OpeningFlags | FileFlag.O_NOFOLLOW : OpeningFlags);
        if (shared.TryTakeMemfd(file) is { } original)
        {
            LinuxException.ThrowIfFailed(Libc.fcntl(original.Number, FileFlag.F_SETFL, flags), $"fcntl(F_SETFL) of {path}");
            Seek(original, file, path);
            return original;
        }

        // This flag stands for two, one of which is that of a directory.
        flags = (flags & FileFlag.O_TMPFILE) == FileFlag.O_TMPFILE && file.Kind == OpenFile.Types.Kind.Regular ? flags & ~FileFlag.O_TMPFILE : flags;
        var fd = file.RemovedFile != 0 ? opened.Keep(removed.Open(file.RemovedFile, flags)) : opened.Open(path, flags);
        if (file.Position != 0 && ((int)file.Flags & FileFlag.O_PATH) == 0)
        {
            Seek(fd, file, path);
        }

        return fd;
    }

    private static void Seek(SafeFd fd, OpenFile file, string path)
    {
        if (Libc.lseek64(fd.Number, file.Position, FileFlag.SEEK_SET) < 0)
        {
            throw new LinuxException($"lseek of {path} to {file.Position}", LastError.Get());
        }
    }

    private static int LowestUnused(DescriptorTable table)
    {
        var used = table.Descriptors.Select(descriptor => descriptor.Number).ToHashSet();
        var number = 0;
        while (used.Contains(number))
        {
            number++;
        }

        return number;
    }
}
