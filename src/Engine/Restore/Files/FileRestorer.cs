using System.Security.Cryptography;
using System.Text;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Resources;
using Checkpointer.Engine.Support;
using Checkpointer.Engine.Tracking;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Puts files back as a plan says, before the first thread runs. Every step can be repeated after it was interrupted anywhere: what is cut off is durable under
/// its new name before it is cut, files are made under a name of their own and renamed, and pages that were put back are found equal by the next plan.
/// </summary>
internal sealed class FileRestorer(FilePlan plan, Inventory inventory, ICheckpointSource source, Action<string> step)
{
    private const uint OnlyForUs = 0x180; // 0600
    private const int CopyBytes = 1 << 20;
    private static readonly byte[] _zeros = new byte[CopyBytes];
    private readonly List<FileChange> _changes = [];

    /// <summary>What was changed or found different.</summary>
    public IReadOnlyList<FileChange> Changes => _changes;

    /// <summary>Does all of it.</summary>
    public void Apply()
    {
        step("put files back");
        foreach (var directory in plan.Directories)
        {
            Make(directory);
        }

        foreach (var file in plan.Steps)
        {
            if (file.Different is null)
            {
                Apply(file);
            }

            _changes.Add(file.Report(isDone: true));
        }
    }

    private static void Make(ParentDirectory image)
    {
        var path = image.Path.ToStringUtf8();
        using var parent = PlainDirectory.Open(Path.GetDirectoryName(path)!);
        var name = parent[Path.GetFileName(path)];
        if (Libc.mkdir(name, OnlyForUs | 0x40) < 0 && LastError.Get() is not Errno.EEXIST and var errno)
        {
            throw new LinuxException($"mkdir of {path}", errno);
        }

        LinuxException.ThrowIfFailed(Libc.chown(name, image.Owner, image.Group), $"chown of {path}");
        LinuxException.ThrowIfFailed(Libc.chmod(name, image.Mode), $"chmod of {path}");
        parent.Flush();
    }

    private void Apply(FileStep file)
    {
        using var directory = PlainDirectory.Open(Path.GetDirectoryName(file.Path)!);
        var name = Path.GetFileName(file.Path);
        if (file.IsRecreated)
        {
            Recreate(file, directory, name);
            return;
        }

        using var fd = directory.Open(name, FileFlag.O_RDWR);
        if (file.TailBytes > 0)
        {
            KeepTail(file, directory, fd);
            step($"cut {file.Path}");
            LinuxException.ThrowIfFailed(Libc.ftruncate64(fd.Number, (long)file.File.Bytes), $"ftruncate of {file.Path}");
        }

        if (file.IsRewritten)
        {
            step($"put pages of {file.Path} back");
            Rewrite(fd, file);
        }

        if (file.SetsMetadata)
        {
            SetMetadata(fd, file.File, file.Path);
        }

        LinuxException.ThrowIfFailed(Libc.fsync(fd.Number), $"fsync of {file.Path}");
    }

    /// <summary>The tail belongs to whom the file belongs: its owner must be able to read and remove it.</summary>
    private void KeepTail(FileStep file, PlainDirectory directory, SafeFd fd)
    {
        var aside = Path.GetFileName(file.Aside);
        if (directory.Stat(aside) is not null)
        {
            return; // The plan saw that it is this tail.
        }

        step($"keep the tail of {file.Path}");
        var temporary = TemporaryName(aside);
        directory.Remove(temporary);
        using (var target = directory.Open(temporary, FileFlag.O_RDWR | FileFlag.O_CREAT | FileFlag.O_EXCL, OnlyForUs))
        {
            // Owner and mode before the first byte: what was private must not be readable by all while it is copied.
            var owner = FileStat.Of(fd.Path);
            LinuxException.ThrowIfFailed(Libc.fchown(target.Number, owner.Owner, owner.Group), $"chown of {file.Aside}");
            LinuxException.ThrowIfFailed(Libc.fchmod(target.Number, owner.Permissions), $"chmod of {file.Aside}");
            Copy(fd, (long)file.File.Bytes, target, file.Path);
            LinuxException.ThrowIfFailed(Libc.fsync(target.Number), $"fsync of {file.Aside}");
        }

        step($"name the tail of {file.Path}");
        directory.RenameToFree(temporary, aside);
        directory.Flush();
    }

    private void Recreate(FileStep file, PlainDirectory directory, string name)
    {
        step($"make {file.Path}");
        var temporary = TemporaryName(name);
        directory.Remove(temporary);
        using (var fd = directory.Open(temporary, FileFlag.O_RDWR | FileFlag.O_CREAT | FileFlag.O_EXCL, OnlyForUs))
        {
            Rewrite(fd, file with { Differing = Whole(file.File) });
            if (file.File.AllocatedBytes > file.File.Bytes + PageRange.PageBytes)
            {
                // Space that the job had reserved behind the end. Where there is none, or no such call, writing says so when it comes to it.
                _ = Libc.fallocate64(fd.Number, FileFlag.FALLOC_FL_KEEP_SIZE, 0, (long)file.File.AllocatedBytes);
            }

            SetMetadata(fd, file.File, file.Path);
            LinuxException.ThrowIfFailed(Libc.fsync(fd.Number), $"fsync of {file.Path}");
        }

        if (file.MovesAside)
        {
            step($"move {file.Path} aside");
            directory.RenameToFree(name, Path.GetFileName(file.Aside));
        }

        step($"name {file.Path}");
        directory.Rename(temporary, name);
        directory.Flush();
    }

    /// <summary>Gives a file its size and writes what differs.</summary>
    private void Rewrite(SafeFd fd, FileStep file)
    {
        var bytes = file.File.Bytes;
        if (FileStat.Of(fd.Path).Bytes < bytes)
        {
            LinuxException.ThrowIfFailed(Libc.ftruncate64(fd.Number, (long)bytes), $"ftruncate of {file.Path} to {bytes}");
        }

        if (inventory.SharedMemory.FirstOrDefault(shared => shared.Id == file.File.SharedMemory) is { HugePageBytes: > 0 } huge)
        {
            ObjectContents.PutBack(fd, huge, source, static _ => { });
            return;
        }

        var stored = new List<PageRange>();
        source.ReadPages(file.File.Content, (offset, pages) =>
        {
            var range = new PageRange(offset, offset + (ulong)pages.Length);
            stored.Add(range);
            foreach (var part in file.Differing.Within(range))
            {
                var end = Math.Min(part.End, bytes);
                FileBytes.Write(fd, (long)part.Start, pages[(int)(part.Start - offset)..(int)(end - offset)], file.Path);
            }
        });
        foreach (var hole in file.Differing.Except(PageSet.Of(stored)).Ranges)
        {
            Clear(fd, hole.Start, Math.Min(hole.End, bytes), file.Path);
        }
    }

    private static PageSet Whole(CarriedFile file) =>
        PageSet.Of([new PageRange(0, (file.Bytes + PageRange.PageBytes - 1) / PageRange.PageBytes * PageRange.PageBytes)]);

    /// <summary>Makes a hole, or zeros where the file system has none.</summary>
    private static void Clear(SafeFd fd, ulong start, ulong end, string name)
    {
        if (Libc.fallocate64(fd.Number, FileFlag.FALLOC_FL_PUNCH_HOLE | FileFlag.FALLOC_FL_KEEP_SIZE, (long)start, (long)(end - start)) == 0)
        {
            return;
        }

        for (; start < end; start += (ulong)_zeros.Length)
        {
            FileBytes.Write(fd, (long)start, _zeros.AsSpan(0, (int)Math.Min((ulong)_zeros.Length, end - start)), name);
        }
    }

    private static unsafe void SetMetadata(SafeFd fd, CarriedFile file, string name)
    {
        LinuxException.ThrowIfFailed(Libc.fchown(fd.Number, file.Owner, file.Group), $"chown of {name}");
        LinuxException.ThrowIfFailed(Libc.fchmod(fd.Number, file.Mode), $"chmod of {name}");
        if (file.ChangedNs != 0)
        {
            // After the owner, who may take capabilities away by being another.
            ExtendedAttributes.Set(fd, file.Attributes, name);
        }

        var times = stackalloc timespec[2];
        times[0] = ClockTime.Timespec(file.AccessedNs);
        times[1] = ClockTime.Timespec(file.ModifiedNs);
        LinuxException.ThrowIfFailed(Libc.futimens(fd.Number, times), $"futimens of {name}");
    }

    private static void Copy(SafeFd from, long start, SafeFd to, string name)
    {
        var buffer = new byte[CopyBytes];
        for (var offset = start; ;)
        {
            var read = FileBytes.Read(from, offset, buffer, name);
            if (read == 0)
            {
                return;
            }

            FileBytes.Write(to, offset - start, buffer.AsSpan(0, read), name);
            offset += read;
        }
    }

    /// <summary>The same for the same name, so that what an interrupted restore left is found by the next one; short, whatever the name's length.</summary>
    private static string TemporaryName(string name) => ".checkpointer-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 8));
}
