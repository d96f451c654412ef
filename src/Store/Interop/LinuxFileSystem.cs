using Checkpointer.Store.Files;

namespace Checkpointer.Store.Interop;

/// <summary>The real file system.</summary>
internal sealed class LinuxFileSystem : IFileSystem
{
    private const uint OwnerFile = 0x180; // 0600: an image is executable input and holds secrets
    private const uint OwnerDirectory = 0x1C0; // 0700

    /// <inheritdoc/>
    public IStoreFile Create(string path)
    {
        var handle = Libc.open(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_EXCL | Libc.O_CLOEXEC, OwnerFile);
        if (handle.IsInvalid)
        {
            throw FileFailure.From("create", path, LastError.Get());
        }

        var direct = Libc.open(path, Libc.O_RDWR | Libc.O_DIRECT | Libc.O_CLOEXEC, 0);
        return new LinuxFile(handle, path, direct.IsInvalid ? null : direct);
    }

    /// <inheritdoc/>
    public IStoreFile? OpenRead(string path)
    {
        var handle = Libc.open(path, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (!handle.IsInvalid)
        {
            return new LinuxFile(handle, path);
        }

        var error = LastError.Get();
        return error is Errno.ENOENT or Errno.ENOTDIR ? null : throw FileFailure.From("open", path, error);
    }

    /// <inheritdoc/>
    public void Rename(string source, string target)
    {
        if (Libc.rename(source, target) < 0)
        {
            throw FileFailure.From("rename", target, LastError.Get());
        }
    }

    /// <inheritdoc/>
    public void SyncDirectory(string path)
    {
        using var handle = Libc.open(path, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (handle.IsInvalid)
        {
            throw FileFailure.From("open", path, LastError.Get());
        }

        if (Libc.fsync(handle) < 0)
        {
            throw FileFailure.From("fsync", path, LastError.Get());
        }
    }

    /// <inheritdoc/>
    public void Delete(string path)
    {
        if (Libc.unlink(path) == 0)
        {
            return;
        }

        var error = LastError.Get();
        if (error != Errno.ENOENT)
        {
            throw FileFailure.From("delete", path, error);
        }
    }

    /// <inheritdoc/>
    public void CreateDirectory(string path)
    {
        if (Libc.mkdir(path, OwnerDirectory) == 0)
        {
            return;
        }

        var error = LastError.Get();
        if (error == Errno.EEXIST && Directory.Exists(path))
        {
            return;
        }

        if (error != Errno.ENOENT || Path.GetDirectoryName(path) is not { Length: > 1 } parent || Directory.Exists(parent))
        {
            throw FileFailure.From("create directory", path, error);
        }

        CreateDirectory(parent);
        CreateDirectory(path);
    }

    /// <inheritdoc/>
    public void Protect(string directory)
    {
        if (Libc.chmod(directory, OwnerDirectory) < 0)
        {
            throw FileFailure.From("chmod", directory, LastError.Get());
        }
    }

    /// <inheritdoc/>
    public bool HasDirectory(string path)
    {
        using var handle = Libc.open(path, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC, 0);
        if (!handle.IsInvalid)
        {
            return true;
        }

        var error = LastError.Get();
        return error is Errno.ENOENT or Errno.ENOTDIR ? false : throw FileFailure.From("open", path, error);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string>? List(string directory)
    {
        try
        {
            return Directory.Exists(directory)
                ? [.. Directory.EnumerateFileSystemEntries(directory).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)]
                : null;
        }
        catch (UnauthorizedAccessException)
        {
            throw FileFailure.From("list", directory, Errno.EACCES);
        }
        catch (IOException exception)
        {
            throw new StoreException(StoreFailure.Failed, $"list {directory}: {exception.Message}", null, exception);
        }
    }

    /// <inheritdoc/>
    public long? Length(string path)
    {
        using var file = OpenRead(path);
        return file?.Length;
    }
}
