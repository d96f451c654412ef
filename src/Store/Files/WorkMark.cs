namespace Checkpointer.Store.Files;

/// <summary>
/// A file in <c>tmp/</c> that is there while somebody publishes or removes packs: one that nobody holds a lock for says that its maker died, and that packs and index may be out of step.
/// It is not made durable, because after a reboot everybody opens the store anew, and compares packs and index without being told.
/// </summary>
internal sealed class WorkMark
{
    private const string Prefix = "work-";
    private readonly IFileSystem _files;
    private readonly string _path;

    private WorkMark(IFileSystem files, string path)
    {
        _files = files;
        _path = path;
    }

    /// <summary>Sets one. Precondition: the store lock or the collection's lock is held, until it is cleared.</summary>
    public static WorkMark Set(IFileSystem files, StorePaths paths)
    {
        var path = Path.Combine(paths.Temporary, $"{Prefix}{Guid.NewGuid():N}");
        files.Create(path).Dispose();
        return new WorkMark(files, path);
    }

    /// <summary>Whether a file in <c>tmp/</c> is a mark.</summary>
    public static bool IsOne(string path) => Path.GetFileName(path).StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Says that packs and index are in step, as far as its maker knows.</summary>
    public void Clear() => _files.Delete(_path);
}
