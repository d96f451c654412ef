using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracing;

namespace Checkpointer.Engine.Restore;

/// <summary>Opens the files and pipes of a job and gives them to its processes under their old descriptor numbers.</summary>
internal sealed class DescriptorBuilder(Files files, OpenedFiles opened)
{
    // Flags that only matter to the open(2) that made the file.
    private const int OpeningFlags = FileFlag.O_CREAT | FileFlag.O_EXCL | FileFlag.O_TRUNC | FileFlag.O_CLOEXEC | FileFlag.O_NOCTTY;

    private readonly Dictionary<uint, SafeFd> _openFiles = [];

    /// <summary>Opens everything in our own process.</summary>
    public void Open()
    {
        var pipes = files.Pipes.ToDictionary(pipe => pipe.Id, pipe => PipeBuilder.Build(pipe, opened));
        foreach (var file in files.OpenFiles)
        {
            _openFiles.Add(file.Id, file.Kind == OpenFile.Types.Kind.Pipe ? pipes[file.Pipe].OpenEnd((int)file.Flags, opened) : OpenPath(file));
        }

        // The job holds the only ends now; an end that it had closed must be closed again.
        foreach (var pipe in pipes.Values)
        {
            pipe.Dispose();
        }
    }

    /// <summary>Installs the descriptors of one process. Precondition: it has none open.</summary>
    public void Install(RestoredProcess process)
    {
        var table = files.Tables.FirstOrDefault(table => table.Pid == process.Id.Value);
        if (table is null || table.Descriptors.Count == 0)
        {
            return;
        }

        var batch = new SyscallBatch();
        var transfer = new DescriptorTransfer(process, batch);
        transfer.Open(LowestUnused(table));
        foreach (var group in table.Descriptors.GroupBy(descriptor => descriptor.OpenFile))
        {
            Install(transfer, group.Key, [.. group]);
        }

        transfer.Close();
        process.Run(batch);
    }

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
        var path = file.Path.ToStringUtf8();
        var fd = opened.Open(path, (int)file.Flags & ~OpeningFlags);
        if (file.Position != 0 && ((int)file.Flags & FileFlag.O_PATH) == 0 && Libc.lseek64(fd.Number, file.Position, FileFlag.SEEK_SET) < 0)
        {
            throw new LinuxException($"lseek of {path} to {file.Position}", LastError.Get());
        }

        return fd;
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
