using Checkpointer.Engine.Images;
using Checkpointer.Engine.Support;
using Google.Protobuf;

namespace Checkpointer.Engine.Dump;

/// <summary>Directories above carried files, which a restore makes again where they are gone.</summary>
internal sealed class ParentDirectories
{
    private readonly HashSet<string> _paths = new(StringComparer.Ordinal);

    /// <summary>Images of all that are there, parents before children.</summary>
    public IEnumerable<ParentDirectory> Images => _paths.Order(StringComparer.Ordinal).Select(ImageOf).OfType<ParentDirectory>();

    /// <summary>Adds those above a file.</summary>
    public void Add(string path)
    {
        for (var directory = Path.GetDirectoryName(path); directory is { Length: > 1 } && _paths.Add(directory);)
        {
            directory = Path.GetDirectoryName(directory);
        }
    }

    private static ParentDirectory? ImageOf(string path) => FileStat.TryOf(path) is { } stat
        ? new ParentDirectory { Path = ByteString.CopyFromUtf8(path), Mode = stat.Permissions, Owner = stat.Owner, Group = stat.Group }
        : null;
}
