using Checkpointer.Engine.Interop;
using Checkpointer.Engine.Support;

namespace Checkpointer.Engine.Resources;

/// <summary>Files that a restore opens again by name.</summary>
internal static class NamedFile
{
    /// <summary>Null where the name that /proc shows leads to the file, else why not: the end of the sentence "Descriptor 3 of process 4711 is".</summary>
    public static unsafe string? WhyNotReopenable(OpenDescriptor descriptor)
    {
        var target = descriptor.Target;
        if (!target.StartsWith('/'))
        {
            return $"{target}";
        }

        if (target.Contains('\uFFFD', StringComparison.Ordinal))
        {
            return $"{target}, whose name is not UTF-8";
        }

        if (FileStat.TryOf(target, followsLinks: false) is not { } named || !named.IsSameFile(descriptor.Stat))
        {
            return target.EndsWith(" (deleted)", StringComparison.Ordinal) ? $"a deleted file ({target})" : $"{target}, which is another file by now";
        }

        statfs64_t fileSystem = default;
        return Libc.statfs64(target, &fileSystem) == 0 && fileSystem.f_type == FileFlag.PROC_SUPER_MAGIC ? $"{target} on procfs" : null;
    }
}
