using Checkpointer.Engine.Images;
using Checkpointer.Engine.Support;
using Google.Protobuf;

namespace Checkpointer.Engine.Resources;

/// <summary>Facts by which a file that is not stored is recognised at a restore. Each file is looked at once.</summary>
internal sealed class FileIdentities
{
    private readonly Dictionary<string, FileIdentity> _known = [];

    /// <summary>The identity of the file at <paramref name="path"/>.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="stat">What it is now; a file that changed since it was looked at is looked at again.</param>
    /// <param name="openPath">Another path to open it by; null for <paramref name="path"/>.</param>
    public FileIdentity Of(string path, in FileStat stat, string? openPath = null)
    {
        if (!_known.TryGetValue(path, out var identity) || identity.MtimeNs != stat.ModifiedNs || identity.Inode != stat.Inode)
        {
            identity = new FileIdentity
            {
                Bytes = stat.Bytes,
                MtimeNs = stat.ModifiedNs,
                Inode = stat.Inode,
                Device = stat.Device,
                BuildId = ByteString.CopyFrom(ElfBuildId.Read(openPath ?? path)),
            };
            _known[path] = identity;
        }

        return identity;
    }

    /// <summary>True where a file is still what it was: same size, and the same time or the same build.</summary>
    public static bool IsSame(FileIdentity then, string path)
    {
        if (FileStat.TryOf(path) is not { } now || now.Bytes != then.Bytes)
        {
            return false;
        }

        return now.ModifiedNs == then.MtimeNs
            || (then.BuildId.Length > 0 && then.BuildId.Span.SequenceEqual(ElfBuildId.Read(path)));
    }
}
