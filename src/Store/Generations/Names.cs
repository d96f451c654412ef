namespace Checkpointer.Store.Generations;

/// <summary>Which names are allowed.</summary>
internal static class Names
{
    /// <summary>Most characters of a job's name: fits a file name with room for endings, and a table on a terminal.</summary>
    public const int JobCharactersMax = 64;

    /// <summary>Most UTF-8 bytes of the name of an image or content. A path of a file can be 4096 bytes (limits.h, PATH_MAX).</summary>
    public const int EntryBytesMax = 8192;

    /// <summary>Letters, digits, <c>. _ -</c>, beginning with a letter or digit.</summary>
    public static bool IsJob(string name)
        => name.Length is > 0 and <= JobCharactersMax && char.IsAsciiLetterOrDigit(name[0])
            && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-');

    /// <summary>Any non-empty text of a sane length.</summary>
    public static bool IsEntry(string name) => name.Length > 0 && System.Text.Encoding.UTF8.GetByteCount(name) <= EntryBytesMax;
}
