using Checkpointer.Engine.Proc;

namespace Checkpointer.Engine.Resources;

/// <summary>Files that a restore opens again by name.</summary>
internal static class NamedFile
{
    /// <summary>Null where the name that /proc shows leads to the file, else why not: the end of the sentence "Descriptor 3 of process 4711 is".</summary>
    public static string? WhyNotReopenable(OpenDescriptor descriptor)
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

        if (descriptor.Stat.IsAt(target))
        {
            return null;
        }

        _ = ProcText.StripDeleted(target, out var isDeleted);
        return isDeleted ? $"a deleted file ({target})" : $"{target}, which is another file by now";
    }
}
