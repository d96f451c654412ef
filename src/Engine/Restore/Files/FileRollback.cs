using System.Globalization;
using Checkpointer.Engine.Images;
using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Proc;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Restore;

/// <summary>
/// Puts the sizes of files back that the job writes: what was appended after the dump is cut off and kept aside as
/// <c>NAME.after-GENERATION</c>. A file that was changed in place is reported; its contents are not in the generation, unless it was mapped shared
/// and writable (<see cref="MappedFiles"/>).
/// </summary>
internal sealed class FileRollback(Files files, Inventory inventory, string generationSuffix)
{
    private const int CopyBytes = 1 << 20;
    private const int NamesMax = 1000;
    private readonly List<FileChange> _changes = [];

    /// <summary>What was changed or found different.</summary>
    public IReadOnlyList<FileChange> Changes => _changes;

    /// <summary>Refuses files that a live process outside of the job is writing. Changes nothing.</summary>
    public void RequireNoOtherWriter()
    {
        var grown = Written().Where(file => FileStat.Of(file.Path.ToStringUtf8()).Bytes > file.Bytes).ToList();
        if (grown.Count == 0)
        {
            return;
        }

        foreach (var (file, holder) in FileWriters.Find(grown.Select(file => file.Path.ToStringUtf8()).ToHashSet()))
        {
            throw new EngineException(
                EngineFailure.WorldChanged,
                $"{file} has grown since the dump and process {holder} ({ProcFs.TryStat(holder)?.Comm}) has it open for writing; cutting it would hurt that process.",
                $"end process {holder} and recover again");
        }
    }

    /// <summary>Cuts what has grown.</summary>
    public void Apply()
    {
        foreach (var file in files.OpenFiles.Where(file => file is { Kind: OpenFile.Types.Kind.Regular, SharedMemory: 0 }).DistinctBy(file => file.Path))
        {
            var path = file.Path.ToStringUtf8();
            var now = FileStat.Of(path);
            if (now.Bytes > file.Bytes && IsWritten(file))
            {
                CutTail(path, file.Bytes, now.Bytes);
            }
            else if (inventory.SharedMemory.Any(shared => shared.Kind == SharedMemory.Types.Kind.File && shared.Path == file.Path))
            {
                _changes.Add(new FileChange(path, "was mapped by the job; its bytes were put back as they were at the dump", RolledBack: true));
            }
            else if (now.ModifiedNs != file.MtimeNs || now.Bytes != file.Bytes)
            {
                _changes.Add(new FileChange(path, "was changed in place since the dump; its contents are as they are now", RolledBack: false));
            }
        }
    }

    private IEnumerable<OpenFile> Written() => files.OpenFiles.Where(file => file is { Kind: OpenFile.Types.Kind.Regular, SharedMemory: 0 } && IsWritten(file));

    private bool IsWritten(OpenFile file) =>
        files.OpenFiles.Any(other => other.Path == file.Path && ((int)other.Flags & FileFlag.O_ACCMODE) != FileFlag.O_RDONLY);

    private void CutTail(string path, ulong bytes, ulong bytesNow)
    {
        var aside = FreeName(path);
        using (var source = UnlockedFile.Open(path, FileFlag.O_RDWR))
        {
            using (var target = File.OpenHandle(aside, FileMode.CreateNew, FileAccess.Write))
            {
                // Before the first byte: what was private must not be readable by all while it is copied.
                File.SetUnixFileMode(target, File.GetUnixFileMode(source));
                GiveTo(FileStat.Of(path), target, aside);
                Copy(source, target, (long)bytes);
                RandomAccess.FlushToDisk(target);
            }

            RandomAccess.SetLength(source, (long)bytes);
        }

        _changes.Add(new FileChange(
            path, $"was cut from {bytesNow} to {bytes} bytes, its size at the dump; the rest is kept in {aside}", RolledBack: true));
    }

    /// <summary>The tail belongs to whom the file belongs: its owner must be able to read and remove it.</summary>
    private static void GiveTo(in FileStat owner, Microsoft.Win32.SafeHandles.SafeFileHandle target, string name) =>
        LinuxException.ThrowIfFailed(
            Libc.fchown((int)target.DangerousGetHandle(), owner.Owner, owner.Group), $"chown of {name} to {owner.Owner}:{owner.Group}");

    private string FreeName(string path)
    {
        var name = $"{path}.after-{generationSuffix}";
        for (var number = 1; number < NamesMax; number++)
        {
            var candidate = number == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}.{number}");
            if (!Path.Exists(candidate))
            {
                return candidate;
            }
        }

        throw new EngineException(EngineFailure.Failed, $"There are {NamesMax} files named {name} already.", "remove those that are not needed");
    }

    private static void Copy(Microsoft.Win32.SafeHandles.SafeFileHandle source, Microsoft.Win32.SafeHandles.SafeFileHandle target, long start)
    {
        var buffer = new byte[CopyBytes];
        for (var offset = start; ;)
        {
            var read = RandomAccess.Read(source, buffer, offset);
            if (read == 0)
            {
                return;
            }

            RandomAccess.Write(target, buffer.AsSpan(0, read), offset - start);
            offset += read;
        }
    }
}
