using System.Globalization;
using Checkpointer.Engine.Proc;

namespace Checkpointer.Engine.Resources;

/// <summary>Tells mappings of System V segments: named <c>/SYSV</c> and the key in hexadecimal, with the ID for an inode number.</summary>
internal sealed class SystemVMappings
{
    private const string Prefix = "/SYSV";
    private const int KeyDigits = 8;
    private readonly Lazy<HashSet<ulong>> _ids = new(() => [.. SystemVTables.Segments().Select(segment => (ulong)(uint)segment.Entry.Id)]);

    /// <summary>True for a mapping of a segment.</summary>
    public bool IsOf(Vma vma) =>
        vma is { IsShared: true, IsDeleted: true } && TryKey(vma) is not null && _ids.Value.Contains(vma.Inode);

    /// <summary>The key that the segment was made with; null where the name is not that of a segment.</summary>
    public static int? TryKey(Vma vma) =>
        vma.Path.Length == Prefix.Length + KeyDigits && vma.Path.StartsWith(Prefix, StringComparison.Ordinal)
            && uint.TryParse(vma.Path.AsSpan(Prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var key)
            ? unchecked((int)key)
            : null;
}
